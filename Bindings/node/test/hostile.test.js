// Against servers that answer what no such server should, or go away in the middle of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { WeirClient } from "../lib/index.js";
import { all, failure, startFake, startWeir, take, until, within } from "../test-support/server.js";

const LINES = { "content-type": "application/jsonl", "plasmite-version": "0" };
const FRAMES = { "content-type": "application/x-plasmite-lite3-stream" };
const JSON_TYPE = { "content-type": "application/json" };

const line = (seq, data = {}) => `{"data":${JSON.stringify(data)},"meta":{"tags":[]},"seq":${seq},"time":"2026-01-02T03:04:05Z"}\n`;

function frame(seq, payload) {
  const header = Buffer.alloc(20);
  header.writeBigUInt64BE(BigInt(seq), 0);
  header.writeBigUInt64BE(1_767_323_045_000_000_000n, 8);
  header.writeUInt32BE(payload.length, 16);
  return Buffer.concat([header, payload]);
}

/** Writes the bytes one by one, each in a piece of its own as far as the network goes. */
async function drip(response, bytes) {
  response.socket.setNoDelay(true);
  for (const byte of bytes) {
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function fakePool(t, handler, options) {
  const fake = await startFake(t, handler);
  return { ...fake, pool: new WeirClient(fake.url, options).pool("demo") };
}

test("answers that are no answers are errors, and nothing else", async (t) => {
  const bodies = ["", "null", "[]", "{}", "7", "<html>", '{"message":{}}', '{"pool":{"name":"x"}}', '{"pools":{}}', "{",
    '{"message":{"seq":-1,"time":"","meta":{"tags":[]},"data":{}}}', '{"message":{"seq":1,"time":"","meta":{"tags":[1]},"data":{}}}',
    '{"message":{"seq":1.5,"time":"","meta":{"tags":[]},"data":{}}}', '{"pools":[null]}', "\ufeff{}"]; // prettier-ignore
  let body = "";
  const { pool } = await fakePool(t, (_, response) => response.writeHead(200, JSON_TYPE).end(body));
  const garbage = failure({ name: "WeirError", kind: "Io", origin: "answer" });
  for (body of bodies) {
    await assert.rejects(pool.get(1), garbage, body);
    await assert.rejects(pool.append({}), garbage, body);
    await assert.rejects(pool.info(), garbage, body);
    await assert.rejects(pool.client.listPools(), garbage, body);
    await assert.rejects(pool.client.openPool("demo"), garbage, body);
    await assert.rejects(pool.getLite3(1), garbage, body);
  }
  body = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
  await assert.rejects(pool.get(1), garbage);
});

test("errors without an envelope are told by their status", async (t) => {
  let status;
  let body;
  const { pool } = await fakePool(t, (_, response) => response.writeHead(status, { "content-type": "text/html" }).end(body));
  const kinds = { 400: "Usage", 401: "Permission", 403: "Permission", 404: "NotFound", 409: "AlreadyExists",
    410: "RetentionGap", 413: "Usage", 418: "Io", 423: "Busy", 500: "Internal", 502: "Internal" }; // prettier-ignore
  for (const [code, kind] of Object.entries(kinds)) {
    status = Number(code);
    for (body of ["<h1>no</h1>", "", "{}", '{"error":7}', '{"error":[]}', "x".repeat(2 << 20)]) {
      await assert.rejects(pool.info(), failure({ kind, status, origin: "server", path: "demo" }), `${code}: ${body.slice(0, 20)}`);
    }
  }
});

test("an envelope with strange members is still an error", async (t) => {
  const error = { kind: "Strange", message: 7, hint: {}, path: 1, seq: -1, offset: "x", causes: ["a", 1] };
  const { pool } = await fakePool(t, (_, response) => response.writeHead(404, JSON_TYPE).end(JSON.stringify({ error })));
  const found = await pool.info().catch((thrown) => thrown);
  assert.ok(failure({ name: "WeirError", kind: "NotFound", status: 404, hint: undefined, path: undefined })(found));
  assert.deepEqual([found.seq, found.offset, found.causes, found.message], [undefined, undefined, ["a"], "the server gave no reason"]);
});

test("redirects are not followed, and the token goes nowhere", async (t) => {
  const target = await startFake(t, (_, response) => response.writeHead(200, JSON_TYPE).end("{}"));
  for (const status of [301, 302, 303, 307, 308]) {
    const fake = await startFake(t, (_, response) => response.writeHead(status, { location: target.url }).end());
    const pool = new WeirClient(fake.url, { token: "secret" }).pool("demo");
    const refused = failure({ kind: "Io", origin: "answer", status, message: /redirect/ });
    await assert.rejects(pool.info(), refused);
    await assert.rejects(pool.append({}), refused);
    await assert.rejects(within(pool.tail().next(), "the refusal"), refused);
    assert.equal(fake.requests.length, 3);
  }
  assert.deepEqual(target.requests, []);
});

test("what is too long is not read to its end", async (t) => {
  const most = 10_000;
  const endless = (head) => (_, response) => {
    response.writeHead(200, head);
    const piece = Buffer.alloc(1000, "x");
    const pump = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", pump);
    pump();
  };
  const tooLong = failure({ kind: "Io", origin: "answer", message: /longer than 10000 bytes/, hint: /maxResponseBytes/ });
  const answers = await fakePool(t, endless(JSON_TYPE), { maxResponseBytes: most });
  await assert.rejects(within(answers.pool.info(), "the bound"), tooLong);
  const lines = await fakePool(t, endless(LINES), { maxResponseBytes: most });
  await assert.rejects(within(lines.pool.tail().next(), "the bound"), tooLong);
  const one = await fakePool(t, (_, response) => response.writeHead(200, LINES).end(line(1, "x".repeat(most))), { maxResponseBytes: most });
  await assert.rejects(within(one.pool.tail().next(), "the bound"), tooLong);
  const huge = Buffer.alloc(20, 0xff);
  const frames = await fakePool(t, (_, response) => response.writeHead(200, FRAMES).write(huge), { maxResponseBytes: most });
  await assert.rejects(within(frames.pool.tailLite3().next(), "the bound"), tooLong);
  const { requests } = await fakePool(t, () => {});
  assert.deepEqual(requests, []);
});

test("a stream that is none is refused for good", async (t) => {
  const streams = [
    [{ "content-type": "text/html" }, "<html>", /type 'text\/html'/],
    [{}, line(1), /type ''/],
    [LINES, "garbage\n", /not JSON/],
    [LINES, "7\n", /no message/],
    [LINES, '{"seq":1}\n', /no message/],
    [LINES, '{"error":7}\n', /no message/],
    [LINES, Buffer.concat([Buffer.from('{"data":"'), Buffer.of(0xc3, 0x28), Buffer.from('"}\n')]), /not UTF-8/],
  ];
  for (const [head, body, message] of streams) {
    const { pool, requests } = await fakePool(t, (_, response) => response.writeHead(200, head).end(body));
    await assert.rejects(within(pool.tail().next(), "the refusal"), failure({ kind: "Io", origin: "answer", message }));
    assert.equal(requests.length, 1);
  }
});

test("it does not matter where the network cuts", async (t) => {
  const texts = ["é", "日本", "😀😀", "\u2028"];
  const bytes = Buffer.from(texts.map((text, index) => line(index + 1, { text })).join("\n"));
  const { pool } = await fakePool(t, async (request, response) => {
    if (request.url.includes("lite3")) {
      response.writeHead(200, FRAMES);
      await drip(response, Buffer.concat(texts.map((text, index) => frame(index + 1, Buffer.from(text)))));
    } else {
      response.writeHead(200, LINES);
      await drip(response, bytes);
    }
    response.end();
  });
  const messages = await all(pool.tail({ max: 4 }));
  assert.deepEqual(messages.map(({ data }) => data.text), texts);
  const frames = await all(pool.tailLite3({ max: 4 }));
  assert.deepEqual(frames.map(({ payload }) => Buffer.from(payload).toString()), texts);
  assert.equal(frames[0].time.toISOString(), "2026-01-02T03:04:05.000Z");
});

test("a connection that breaks within a message is taken up before it", async (t) => {
  const whole = [line(1), line(2), line(3)];
  const { pool, requests } = await fakePool(t, (request, response, count) => {
    const since = Number(new URL(request.url, "http://x").searchParams.get("since_seq") ?? 1);
    response.writeHead(200, LINES);
    const rest = whole.slice(since - 1).join("");
    // First cut after a message and a half, then at a line's end, then the stream ends well in the middle of a line.
    if (count === 1) {
      response.write(rest.slice(0, line(1).length + 20), () => response.socket.destroy());
    } else if (count === 2) {
      response.end(rest.slice(0, 20));
    } else if (count === 3) {
      response.write(line(2), () => response.socket.destroy());
    } else {
      response.end(rest.trimEnd());
    }
  });
  const failures = [];
  const messages = await all(pool.tail({ max: 3, onReconnect: ({ error }) => failures.push(error) }));
  assert.deepEqual(messages.map(({ seq }) => seq), [1, 2, 3]);
  assert.ok(failures.length >= 2 && failures.every(({ origin }) => origin === "connection"));
  const asked = requests.map((request) => new URL(request.split(" ")[1], "http://x").searchParams.get("since_seq"));
  assert.deepEqual(asked, [null, "2", "2", "3"]);
});

test("what was delivered is not delivered again", async (t) => {
  const { pool } = await fakePool(t, (_, response) => {
    response.writeHead(200, LINES);
    response.end([1, 2, 2, 1, 3, 3, 4].map((seq) => line(seq)).join(""));
  });
  const messages = await take(pool.tail(), 4);
  assert.deepEqual(messages.map(({ seq }) => seq), [1, 2, 3, 4]);
});

test("the last sequence number of all ends a tail", async (t) => {
  const last = 2n ** 64n - 1n;
  const { pool, requests } = await fakePool(t, (_, response) => response.writeHead(200, LINES).end(line(last)));
  const messages = await all(pool.tail({ sinceSeq: last }));
  assert.deepEqual(messages.map(({ seq }) => seq), [last]);
  assert.deepEqual(requests, [`GET /v0/pools/demo/tail?since_seq=${last}`]);
});

test("errors inside a stream are permanent or not, by their kind", async (t) => {
  const kinds = { Usage: false, NotFound: false, Permission: false, Corrupt: false, RetentionGap: false, Busy: true, Io: true, Internal: true };
  for (const [kind, passes] of Object.entries(kinds)) {
    const { pool } = await fakePool(t, (_, response, count) => {
      response.writeHead(200, LINES);
      response.end(count === 1 ? `{"error":{"kind":"${kind}","message":"m","hint":"h","seq":7}}\n` : line(1));
    });
    const next = within(pool.tail().next(), kind);
    if (passes) {
      assert.equal((await next).value.seq, 1, kind);
    } else {
      await assert.rejects(next, failure({ kind, message: "m", hint: "h", seq: 7, origin: "server" }));
    }
  }
});

test("answers of a server in trouble are retried, refusals are not", async (t) => {
  for (const [status, passes] of [[423, true], [500, true], [502, true], [503, true], [400, false], [404, false], [418, false], [429, false]]) {
    const { pool } = await fakePool(t, (_, response, count) => {
      response.writeHead(count === 1 ? status : 200, count === 1 ? {} : LINES);
      response.end(count === 1 ? "" : line(1));
    });
    const next = within(pool.tail().next(), String(status));
    if (passes) {
      assert.equal((await next).value.seq, 1);
    } else {
      await assert.rejects(next, failure({ status }));
    }
  }
});

test("waits grow up to their bound, and shrink again once a message came", async (t) => {
  const { pool } = await fakePool(t, (_, response, count) => {
    response.writeHead(count === 5 ? 200 : 503, LINES).end(count === 5 ? line(1) : "");
  });
  const waits = [];
  const controller = new AbortController();
  const tail = pool.tail({
    signal: controller.signal,
    onReconnect({ attempt, delayMs }) {
      waits.push([attempt, delayMs]);
      if (waits.length === 6) {
        controller.abort(new Error("enough"));
      }
    },
  });
  await take(tail, 1);
  await assert.rejects(within(tail.next(), "the end"), /enough/);
  assert.deepEqual(waits.map(([attempt]) => attempt), [1, 2, 3, 4, 1, 2]);
  for (const [attempt, delayMs] of waits) {
    const most = 50 * 2 ** (attempt - 1);
    assert.ok(delayMs >= most / 2 && delayMs <= most, `${attempt}: ${delayMs} ms`);
  }
});

test("a server that ends each stream at once is not asked all the time", async (t) => {
  const { pool, requests } = await fakePool(t, (_, response) => response.writeHead(200, LINES).end());
  const tail = pool.tail();
  const began = performance.now();
  const next = tail.next();
  await until("ten requests", () => requests.length >= 10);
  assert.ok(performance.now() - began >= 400, `ten requests in ${performance.now() - began} ms`);
  await tail.return();
  await next;
});

test("a server that says nothing is not waited for without end", async (t) => {
  const deaf = await fakePool(t, () => {}, { timeoutMs: 100 });
  await assert.rejects(within(deaf.pool.info(), "the deadline"), failure({ kind: "Io", origin: "connection", message: /within 100 ms/ }));
  const stuck = await fakePool(t, (_, response) => response.writeHead(200, JSON_TYPE).write("{"), { timeoutMs: 100 });
  await assert.rejects(within(stuck.pool.info(), "the deadline"), failure({ kind: "Io", origin: "connection" }));
  const silent = await fakePool(t, (_, response, count) => {
    response.writeHead(200, LINES);
    response.write(line(count));
  });
  const failures = [];
  const tail = silent.pool.tail({ silenceMs: 300, onReconnect: ({ error }) => failures.push(error.message) });
  assert.deepEqual((await take(tail, 3)).map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(failures, ["nothing came for 300 ms", "nothing came for 300 ms"]);
  await tail.return();
});

test("a slow reader is not taken for a silent server", async (t) => {
  const { pool, requests } = await fakePool(t, (_, response) => {
    response.writeHead(200, LINES);
    response.write(line(1));
    response.write(line(2));
  });
  const tail = pool.tail({ silenceMs: 500 });
  await take(tail, 1);
  const began = performance.now();
  await until("the reader to have looked for long", () => performance.now() - began > 1200);
  await take(tail, 1);
  assert.equal(requests.length, 1);
  await tail.return();
});

test("the connection is closed when a tail ends", async (t) => {
  for (const how of ["return", "abort"]) {
    let closed = false;
    const { pool } = await fakePool(t, (_, response) => {
      response.on("close", () => (closed = true));
      response.writeHead(200, LINES).write(line(1));
    });
    const controller = new AbortController();
    const tail = pool.tail({ signal: controller.signal });
    await take(tail, 1);
    if (how === "return") {
      await tail.return();
    } else {
      controller.abort();
      await assert.rejects(tail.next(), { name: "AbortError" });
    }
    await until(`the connection to close after ${how}`, () => closed);
  }
});

test("a fetch that does not listen to its signal is left behind all the same", async () => {
  const never = () => new Promise(() => {});
  const client = new WeirClient("http://127.0.0.1:1", { fetch: never, timeoutMs: 50 });
  await assert.rejects(within(client.listPools(), "the deadline"), failure({ message: /within 50 ms/ }));
  const tail = new WeirClient("http://127.0.0.1:1", { fetch: never }).pool("demo").tail();
  const next = tail.next();
  await within(tail.return(), "the end");
  assert.deepEqual(await next, { done: true, value: undefined });
});

test("a fetch of one's own is called as a plain function, with what it needs", async () => {
  const calls = [];
  const client = new WeirClient("http://127.0.0.1:1", {
    token: "secret",
    async fetch(url, init) {
      assert.equal(this, undefined);
      calls.push([url, init]);
      return new Response('{"pools":[]}', { headers: JSON_TYPE });
    },
  });
  assert.deepEqual(await client.listPools(), []);
  const [[url, init]] = calls;
  assert.equal(url, "http://127.0.0.1:1/v0/pools");
  assert.equal(init.headers.authorization, "Bearer secret");
  assert.deepEqual([init.redirect, init.credentials, init.cache], ["manual", "omit", "no-store"]);
});

test("errors of callbacks reach whoever reads, and end the tail", async (t) => {
  const { url } = await startWeir(t);
  const client = new WeirClient(url);
  await client.createPool("demo");
  const onConnect = () => {
    throw new Error("from the callback");
  };
  const tail = client.pool("demo").tail({ onConnect });
  await assert.rejects(within(tail.next(), "the error"), /from the callback/);
  assert.deepEqual(await tail.next(), { done: true, value: undefined });
});
