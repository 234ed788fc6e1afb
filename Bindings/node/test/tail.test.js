// Against a live server: following a pool.

import assert from "node:assert/strict";
import { test } from "node:test";

import { WeirClient } from "../lib/index.js";
import { all, failure, startWeir, take, within } from "../test-support/server.js";

async function demo(t, options) {
  const server = await startWeir(t, options);
  const client = new WeirClient(server.url);
  await client.createPool("demo", { sizeBytes: options?.sizeBytes });
  return { ...server, client, pool: client.pool("demo") };
}

const seqs = (messages) => messages.map(({ seq }) => seq);

/** Appends messages of about 1 KB until the pool of 64 KiB has lost its first ones. */
async function overrun(pool, already = 0) {
  for (let n = already + 1; n <= already + 120; n += 1) {
    await pool.append({ n, fill: "x".repeat(1000) }, { tags: [n % 2 === 0 ? "even" : "odd"] });
  }
  const { oldest, newest } = (await pool.info()).bounds;
  assert.ok(oldest > already + 1, `nothing was lost: ${oldest}`);
  return { oldest, newest };
}

test("a tail gives what is there and what comes", async (t) => {
  const { pool } = await demo(t);
  await pool.append({ n: 1 });
  await pool.append({ n: 2 });
  const tail = pool.tail();
  assert.deepEqual(seqs(await take(tail, 2)), [1, 2]);
  const next = tail.next();
  await pool.append({ n: 3 });
  const { value } = await within(next, "the third message");
  assert.deepEqual([value.seq, value.data], [3, { n: 3 }]);
  await tail.return();
  assert.deepEqual(await tail.next(), { done: true, value: undefined });
});

test("sinceSeq, max and tags choose", async (t) => {
  const { pool } = await demo(t);
  for (let n = 1; n <= 6; n += 1) {
    await pool.append({ n }, { tags: [n % 2 === 0 ? "even" : "odd", "a,b", "c d"] });
  }
  assert.deepEqual(seqs(await all(pool.tail({ max: 2 }))), [1, 2]);
  assert.deepEqual(seqs(await all(pool.tail({ sinceSeq: 5, max: 2 }))), [5, 6]);
  assert.deepEqual(seqs(await all(pool.tail({ sinceSeq: 0n, max: 1n }))), [1]);
  assert.deepEqual(seqs(await all(pool.tail({ max: 0 }))), []);
  assert.deepEqual(seqs(await all(pool.tail({ tags: ["even"], max: 2 }))), [2, 4]);
  assert.deepEqual(seqs(await all(pool.tail({ tags: ["odd", "a,b", "c d"], sinceSeq: 2, max: 2 }))), [3, 5]);
  assert.deepEqual(seqs(await all(pool.tail({ tags: ["even", "a,b"], gapPolicy: "error", max: 3 }))), [2, 4, 6]);
});

test("a tail that is not live ends with what was there", async (t) => {
  const { client, pool } = await demo(t);
  assert.deepEqual(await all(pool.tail({ live: false })), []);
  for (let n = 1; n <= 5; n += 1) {
    await pool.append({ n }, { tags: n === 2 ? ["rare"] : [] });
  }
  assert.deepEqual(seqs(await all(pool.tail({ live: false }))), [1, 2, 3, 4, 5]);
  assert.deepEqual(seqs(await all(pool.tail({ live: false, sinceSeq: 4 }))), [4, 5]);
  assert.deepEqual(seqs(await all(pool.tail({ live: false, sinceSeq: 6 }))), []);
  assert.deepEqual(seqs(await all(pool.tail({ live: false, tags: ["rare"] }))), [2]);
  assert.deepEqual(seqs(await all(pool.tail({ live: false, max: 1, sinceSeq: 3 }))), [3]);
  assert.deepEqual(seqs(await all(pool.tailLite3({ live: false }))), [1, 2, 3, 4, 5]);
  await assert.rejects(client.pool("nowhere").tail({ live: false }).next(), failure({ kind: "NotFound" }));
});

test("a tail goes on over the server's time slices", async (t) => {
  const { pool } = await demo(t, { args: ["--max-tail-timeout-ms", "100"] });
  let slices = 0;
  let failures = 0;
  const tail = pool.tail({ onConnect: () => (slices += 1), onReconnect: () => (failures += 1) });
  const received = [];
  const reading = (async () => {
    for await (const { seq } of tail) {
      received.push(seq);
      if (received.length === 20) {
        return;
      }
    }
  })();
  for (let n = 1; n <= 20; n += 1) {
    const before = slices;
    await pool.append({ n });
    // Every few messages one slice passes, so that messages come in the middle and at the borders of slices.
    while (n % 5 === 0 && n < 20 && slices === before) {
      await within(new Promise((resolve) => setImmediate(resolve)), "the next slice");
    }
  }
  await within(reading, "twenty messages");
  assert.deepEqual(received, Array.from({ length: 20 }, (_, index) => index + 1));
  assert.ok(slices >= 3, `there were ${slices} slices`);
  assert.equal(failures, 0);
});

test("text arrives whole wherever the network cuts it", async (t) => {
  const { pool } = await demo(t, { sizeBytes: 4 << 20 });
  const texts = ["é", "日本語", "😀", "\u2028\ud7ff\uffff"].map((text) => text.repeat(30_000));
  for (const text of texts) {
    await pool.append({ text });
  }
  const messages = await take(pool.tail({ max: texts.length }), texts.length);
  assert.deepEqual(messages.map(({ data }) => data.text), texts);
});

test("gapPolicy error ends with the first number that is missing", async (t) => {
  const { pool } = await demo(t, { sizeBytes: 65536 });
  const { oldest } = await overrun(pool);
  const gap = failure({ name: "WeirError", kind: "RetentionGap", seq: 1, message: /1-\d+ are no longer retained/ });
  const tail = pool.tail({ sinceSeq: 1, gapPolicy: "error" });
  await assert.rejects(within(tail.next(), "the gap"), gap);
  assert.deepEqual(await tail.next(), { done: true, value: undefined });
  await assert.rejects(pool.tail({ sinceSeq: 0, gapPolicy: "error", tags: ["none"] }).next(), gap);
  await assert.rejects(pool.tailLite3({ sinceSeq: 1, gapPolicy: "error" }).next(), gap);
  assert.equal((await take(pool.tail({ gapPolicy: "error" }), 1))[0].seq, oldest);
});

test("gapPolicy continue goes on behind the gap and tells of it", async (t) => {
  const { pool } = await demo(t, { sizeBytes: 65536 });
  const { oldest, newest } = await overrun(pool);
  for (const tail of ["tail", "tailLite3"]) {
    const gaps = [];
    const messages = await all(pool[tail]({ sinceSeq: 1, live: false, onGap: (gap) => gaps.push(gap) }));
    assert.deepEqual(gaps, [{ first: 1, last: oldest - 1, count: oldest - 1 }], tail);
    assert.deepEqual([messages[0].seq, messages.at(-1).seq], [oldest, newest], tail);
  }
});

test("a filter hides no gap, and what it leaves out is none", async (t) => {
  const { pool } = await demo(t, { sizeBytes: 65536, args: ["--max-tail-timeout-ms", "60"] });
  const gaps = [];
  let slices = 0;
  const tail = pool.tail({ tags: ["rare"], onGap: (gap) => gaps.push(gap), onConnect: () => (slices += 1) });
  const next = tail.next();
  // Far more than the pool keeps goes by unmatched, over several streams of the server, each of which begins anew.
  for (let n = 1; n <= 300; n += 1) {
    await pool.append({ n, fill: "x".repeat(1000) });
  }
  await pool.append({}, { tags: ["rare"] });
  assert.equal((await within(next, "the rare message")).value.seq, 301);
  const lost = gaps.reduce((sum, { count }) => sum + count, 0);
  assert.ok(lost < 300, `${lost} were reported as lost, over ${slices} streams`);
  await tail.return();

  const { oldest } = await overrun(pool, 301);
  const late = pool.tail({ sinceSeq: 302, tags: ["even"], onGap: (gap) => gaps.push(gap) });
  gaps.length = 0;
  await take(late, 1);
  assert.deepEqual(gaps, [{ first: 302, last: oldest - 1, count: oldest - 302 }]);
  await late.return();
});

test("frames carry number, time and document", async (t) => {
  const { pool } = await demo(t);
  const messages = [];
  for (let n = 1; n <= 5; n += 1) {
    messages.push(await pool.append({ n, fill: "é".repeat(n * 5000) }, { tags: n === 4 ? ["four"] : [] }));
  }
  const frames = await all(pool.tailLite3({ max: 5 }));
  for (const [index, frame] of frames.entries()) {
    const { seq, time } = messages[index];
    assert.equal(frame.seq, seq);
    assert.equal(frame.time.getTime(), new Date(time).getTime());
    assert.equal(typeof frame.timestampNs, "bigint");
    assert.deepEqual(frame.payload, (await pool.getLite3(seq)).payload);
  }
  assert.deepEqual(seqs(await all(pool.tailLite3({ tags: ["four"], max: 1 }))), [4]);
  assert.deepEqual(seqs(await all(pool.tailLite3({ sinceSeq: 3, max: 2 }))), [3, 4]);
  const tail = pool.tailLite3({ sinceSeq: 6 });
  const next = tail.next();
  await pool.append({ n: 6 });
  assert.equal((await within(next, "the sixth frame")).value.seq, 6);
  await tail.return();
});

test("a busy server is asked again", async (t) => {
  const { pool } = await demo(t, { args: ["--max-tail-concurrency", "1"] });
  await pool.append({ n: 1 });
  const first = pool.tail();
  await take(first, 1);
  const busy = [];
  const second = pool.tail({ onReconnect: (failed) => busy.push(failed) });
  const next = second.next();
  await within((async () => {
    while (busy.length < 2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  })(), "two refusals");
  assert.equal(busy[0].error.kind, "Busy");
  assert.equal(busy[0].error.status, 423);
  assert.deepEqual(busy.slice(0, 2).map(({ attempt }) => attempt), [1, 2]);
  await assert.rejects(
    pool.tail({ retryForMs: 0 }).next(),
    failure({ kind: "Busy", status: 423, message: "too many concurrent tail requests" }),
  );
  await first.return();
  assert.equal((await within(next, "the message, once there is room")).value.seq, 1);
  await second.return();
});

test("leaving the loop gives the server its permit back", async (t) => {
  const { pool } = await demo(t, { args: ["--max-tail-concurrency", "1"] });
  await pool.append({ n: 1 });
  for (let round = 0; round < 5; round += 1) {
    for await (const { seq } of pool.tail()) {
      assert.equal(seq, 1);
      break;
    }
  }
});

test("abort ends a tail at once with the reason, also while it waits", async (t) => {
  const { pool } = await demo(t);
  const reason = new Error("enough");
  const controller = new AbortController();
  const tail = pool.tail({ signal: controller.signal, onConnect: () => controller.abort(reason) });
  await assert.rejects(within(tail.next(), "the end", 5_000), reason);
  assert.deepEqual(await tail.next(), { done: true, value: undefined });
  await assert.rejects(pool.tail({ signal: AbortSignal.abort(reason) }).next(), reason);
});

test("return ends a tail at once, also while it waits", async (t) => {
  const { pool } = await demo(t);
  let connected;
  const isConnected = new Promise((resolve) => (connected = resolve));
  const tail = pool.tail({ onConnect: connected });
  const next = tail.next();
  await within(isConnected, "the connection");
  assert.deepEqual(await within(tail.return(7), "the end", 5_000), { done: true, value: 7 });
  assert.deepEqual(await within(next, "the waiting next", 5_000), { done: true, value: undefined });
  await assert.rejects(pool.tail().throw(new Error("thrown")), /thrown/);
});

test("a pool that is deleted ends its tails with an error", async (t) => {
  const { client, pool } = await demo(t, { args: ["--max-tail-timeout-ms", "500"] });
  await pool.append({ n: 1 });
  const tail = pool.tail();
  await take(tail, 1);
  const next = tail.next();
  await client.deletePool("demo");
  await assert.rejects(within(next, "the end"), failure({ kind: "NotFound" }));
});
