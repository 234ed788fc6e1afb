// Waiting for something, with a deadline.

import { setTimeout as after } from "node:timers/promises";

const PATIENCE = Number(process.env.WEIR_PATIENCE_MS ?? 20000);

/** Asks again and again until the answer is something, and returns it. Fails with what describe() says. */
export async function until(ask, describe = () => String(ask), patience = PATIENCE) {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`did not happen within ${patience} ms: ${await describe()}`);
    await after(20);
  }
}

/** Resolves to nothing, late, and does not keep the program alive. */
until.late = milliseconds => after(milliseconds, undefined, { ref: false });
