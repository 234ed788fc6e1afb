// Following a pool over the server's time slices, lost connections and restarts.

import { mayPass, usage, WeirError } from "./errors.js";
import { checkedCount, checkedTags } from "./message.js";
import { framesOf, messagesOfLines } from "./streams.js";
import { checkedMilliseconds } from "./transport.js";

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;
const LONGEST_SILENCE_MS = 60_000;
// The server ends its streams after a while, and the next begins at once; but so often at most, whatever the server does.
const SHORTEST_SLICE_MS = 50;

/** The stream of messages as JSON: the server finds the gaps. */
export const LINES = { route: "tail", accept: "application/jsonl", items: messagesOfLines, tellsGaps: true };
/** The stream of encoded documents: gaps show only in the numbers. */
export const FRAMES = {
  route: "tail_lite3",
  accept: "application/x-plasmite-lite3-stream",
  items: framesOf,
  tellsGaps: false,
};

/** What `Pool.tail` gives: to be read with `for await`. Leaving the loop ends the connection at once. */
export class Tail {
  #controller = new AbortController();
  #onAbort;
  #outer;
  #steps;
  #ended = false;

  /**
   * @param {(signal: AbortSignal) => AsyncGenerator} steps
   * @param {AbortSignal} [outer]
   */
  constructor(steps, outer) {
    this.#outer = outer;
    this.#onAbort = () => this.#controller.abort(outer.reason);
    if (outer?.aborted) {
      this.#onAbort();
    }
    outer?.addEventListener("abort", this.#onAbort, { once: true });
    this.#steps = steps(this.#controller.signal);
  }

  /** The next message. Fails with the reason of the signal if that was aborted. */
  async next() {
    let step;
    try {
      step = this.#ended ? { done: true, value: undefined } : await this.#steps.next();
    } catch (error) {
      this.#outer?.removeEventListener("abort", this.#onAbort);
      // Whoever called `return` meanwhile wants no more messages, and no error either.
      if (this.#ended) {
        return { done: true, value: undefined };
      }
      this.#ended = true;
      throw error;
    }
    if (step.done) {
      this.#end();
    }
    return step;
  }

  /** Ends it, also while `next` waits. */
  async return(value) {
    this.#end();
    // What is still under way there ends by the signal, and has nobody to tell.
    await this.#steps.return().catch(() => {});
    return { done: true, value };
  }

  /** Ends it with an error. */
  async throw(error) {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #end() {
    this.#ended = true;
    this.#outer?.removeEventListener("abort", this.#onAbort);
    this.#controller.abort();
  }
}

/**
 * @param {object} source the pool: its name, path, transport, exactData, and `newest(signal)`
 * @param {typeof LINES} format
 * @param {ReturnType<typeof checkedTailOptions>} plan
 * @param {AbortSignal} signal
 */
export async function* follow(source, format, plan, signal) {
  const position = new Position(plan);
  const patience = new Patience(plan);

  for (;;) {
    signal.throwIfAborted();
    let stream;
    try {
      if (plan.finite && position.last === undefined) {
        const newest = await source.newest(signal);
        position.last = newest === undefined ? 0n : BigInt(newest);
      }
      if (position.isAtEnd) {
        return;
      }
      stream = await opened(source, format, plan, position.query(format), signal);
    } catch (error) {
      await patience.wait(error, signal);
      continue;
    }
    plan.onConnect?.();
    const began = performance.now();
    let delivered = false;
    let failure;
    try {
      while (failure === undefined && !position.isAtEnd) {
        let step;
        try {
          step = await stream.items.next();
        } catch (error) {
          failure = error;
          continue;
        }
        if (step.done) {
          break;
        }
        if (position.take(step.value)) {
          delivered = true;
          patience.restore();
          yield step.value;
        }
      }
    } finally {
      stream.close();
    }
    if (failure !== undefined) {
      await patience.wait(failure, signal);
    } else if (!delivered && !position.isAtEnd) {
      patience.restore();
      await pause(SHORTEST_SLICE_MS - (performance.now() - began), signal);
    }
  }
}

/** One stream of the server, however it ends. */
export async function* readOnce(source, format, plan, timeoutMs, signal) {
  const position = new Position(plan);
  if (position.isAtEnd) {
    return;
  }
  const query = position.query(format);
  if (timeoutMs !== undefined) {
    query.set("timeout_ms", String(timeoutMs));
  }
  const stream = await opened(source, format, plan, query, signal);
  try {
    for await (const item of stream.items) {
      if (position.take(item)) {
        yield item;
      }
      if (position.isAtEnd) {
        return;
      }
    }
  } finally {
    stream.close();
  }
}

async function opened(source, format, { silenceMs }, query, signal) {
  const { pieces, close } = await source.transport.stream({
    method: "GET",
    path: `${source.path}/${format.route}`,
    query,
    accept: format.accept,
    silenceMs,
    pool: source.name,
    signal,
  });
  const most = source.transport.maxResponseBytes;
  return { items: format.items(pieces, { most, pool: source.name, exactData: source.exactData }), close };
}

/**
 * What is wanted of a tail.
 *
 * @param {typeof LINES} format
 * @param {import("../index.js").TailOptions} options
 * @throws {WeirError} Usage
 */
export function checkedTailOptions(format, options) {
  const { gapPolicy = "continue", live = true, retryForMs = Infinity, onGap, onConnect, onReconnect } = options;
  if (gapPolicy !== "continue" && gapPolicy !== "error") {
    throw usage("gapPolicy must be 'continue' or 'error'");
  }
  if (!(typeof retryForMs === "number" && retryForMs >= 0)) {
    throw usage("retryForMs must be a number of milliseconds from 0 up");
  }
  // The server cuts off white space and control characters around tags of a query, and drops empty ones.
  const tags = checkedTags(options.tags ?? [])
    .map((tag) => tag.replace(/^[\0- ]+|[\0- ]+$/g, ""))
    .filter((tag) => tag !== "");
  // A filter at the server hides what it left out, and with it whether something was lost between two streams. Whoever
  // wants to know exactly gets every message sent, and the filter works here.
  const exact = gapPolicy === "error" || onGap !== undefined || !live;
  if (exact && tags.length > 0 && !format.tellsGaps) {
    throw usage(
      "encoded documents cannot be filtered by tags here, as gapPolicy 'error', onGap and live: false need it",
      "leave out one of the two, or use tail",
    );
  }
  return {
    since: options.sinceSeq === undefined ? undefined : checkedCount(options.sinceSeq, "sinceSeq"),
    most: options.max === undefined ? undefined : checkedCount(options.max, "max"),
    tags,
    filtersHere: exact,
    gapPolicy,
    finite: !live,
    onGap,
    onConnect,
    onReconnect,
    silenceMs: checkedMilliseconds(options.silenceMs, "silenceMs", LONGEST_SILENCE_MS),
    retryForMs,
  };
}

/** Where in the pool we are: what comes next, and what is still wanted. */
class Position {
  /** The number of the last message that is wanted, if there is one. */
  last;
  /** The number that comes next; undefined while nothing is known of it. */
  #next;
  #plan;

  constructor(plan) {
    this.#plan = plan;
    this.#next = plan.since === 0n ? 1n : plan.since;
    this.left = plan.most ?? 2n ** 64n;
  }

  get isAtEnd() {
    const after = this.#next ?? 1n;
    return this.left <= 0n || after === 2n ** 64n || (this.last !== undefined && after > this.last);
  }

  /** What to ask the server for. */
  query(format) {
    const { most, tags, filtersHere, gapPolicy } = this.#plan;
    const query = new URLSearchParams();
    if (this.#next !== undefined) {
      query.set("since_seq", String(this.#next));
    }
    if (most !== undefined && (tags.length === 0 || !filtersHere)) {
      query.set("max", String(this.left));
    }
    if (gapPolicy === "error" && format.tellsGaps) {
      query.set("gap_policy", "error");
    }
    for (const tag of filtersHere ? [] : tags) {
      query.append("tag", tag);
    }
    return query;
  }

  /** Moves behind the message, and says whether it is to be delivered; that counts as done then. */
  take(item) {
    const { tags, filtersHere } = this.#plan;
    const seq = BigInt(item.seq);
    const expected = this.#next;
    if (expected !== undefined && seq < expected) {
      return false;
    }
    const missing = expected !== undefined && seq > expected && (filtersHere || tags.length === 0);
    if (missing) {
      this.#reportGap(expected, seq);
    }
    this.#next = seq + 1n;
    if (this.last !== undefined && seq > this.last) {
      return false;
    }
    if (filtersHere && !tags.every((tag) => item.meta.tags.includes(tag))) {
      return false;
    }
    this.left -= 1n;
    return true;
  }

  #reportGap(first, next) {
    const end = this.last !== undefined && this.last < next ? this.last : next - 1n;
    if (this.#plan.gapPolicy === "error") {
      throw new WeirError(
        `messages ${first}-${next - 1n} are no longer retained; the next available message is ${next}`,
        { kind: "RetentionGap", origin: "server", seq: plain(first), hint: "read on from there, or make the pool larger" },
      );
    }
    this.#plan.onGap?.({ first: plain(first), last: plain(end), count: plain(end - first + 1n) });
  }
}

/** How long to wait after a failure: longer each time, and never as long as the others do. */
class Patience {
  #attempts = 0;
  #failingSince;
  #plan;

  constructor(plan) {
    this.#plan = plan;
  }

  restore() {
    this.#attempts = 0;
    this.#failingSince = undefined;
  }

  /** Waits before the next attempt, or throws the error again if another attempt is of no use. */
  async wait(error, signal) {
    signal.throwIfAborted();
    if (!mayPass(error)) {
      throw error;
    }
    this.#attempts += 1;
    this.#failingSince ??= performance.now();
    if (performance.now() - this.#failingSince >= this.#plan.retryForMs) {
      throw error;
    }
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#attempts - 1, 10));
    const delayMs = Math.round(most * (0.5 + Math.random() / 2));
    this.#plan.onReconnect?.({ attempt: this.#attempts, delayMs, error });
    await pause(delayMs, signal);
  }
}

/** Waits so long, or until the signal is aborted, which it then throws. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    function onAbort() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function plain(count) {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
}
