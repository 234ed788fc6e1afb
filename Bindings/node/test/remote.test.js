// The names of Plasmite's Node package, against a live server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Durability, ErrorKind, Message, parseMessage, RemoteClient, RemoteError, RemotePool } from "../lib/index.js";
import { DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES } from "../lib/index.js";
import { all, failure, startWeir } from "../test-support/server.js";

test("a program for the other package runs unchanged", async (t) => {
  const client = new RemoteClient((await startWeir(t)).url);
  const info = await client.createPool("docs", 1024 * 1024);
  assert.equal(info.name, "docs");
  const pool = await client.openPool("docs");
  assert.ok(pool instanceof RemotePool);
  assert.deepEqual([pool.client, pool.pool, pool.poolRef()], [client, "docs", "docs"]);

  const message = await pool.append({ kind: "note" }, ["note"], Durability.Fast);
  assert.ok(message instanceof Message);
  assert.equal(message.seq, 1n);
  assert.ok(message.time instanceof Date && !Number.isNaN(message.time.getTime()));
  assert.equal(new Date(message.timeRfc3339).getTime(), message.time.getTime());
  assert.deepEqual(message.tags, ["note"]);
  assert.ok(Object.isFrozen(message.meta) && Object.isFrozen(message.tags));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(message.raw)), {
    data: { kind: "note" },
    meta: { tags: ["note"] },
    seq: 1,
    time: message.timeRfc3339,
  });
  assert.equal((await pool.append({}, undefined, Durability.Flush)).seq, 2n);
  assert.equal((await pool.append({}, ["x"], "flush")).seq, 3n);
  assert.deepEqual((await pool.get(1n)).data, { kind: "note" });
  assert.deepEqual((await pool.get(1)).raw, message.raw);

  assert.deepEqual((await all(pool.tail({ sinceSeq: 2n, maxMessages: 1n }))).map(({ seq }) => seq), [2n]);
  assert.deepEqual((await all(pool.tail({ timeoutMs: 100 }))).map(({ seq }) => seq), [1n, 2n, 3n]);
  assert.deepEqual((await all(pool.tail({ timeoutMs: 100n, tags: ["x"] }))).map(({ seq }) => seq), [3n]);
  for await (const { seq } of pool.tail()) {
    assert.equal(seq, 1n);
    break;
  }

  assert.deepEqual((await client.listPools()).map(({ name }) => name), ["docs"]);
  assert.deepEqual((await client.poolInfo("docs")).bounds, { newest: 3, oldest: 1 });
  await client.deletePool("docs");
  assert.deepEqual(await client.listPools(), []);
});

test("errors have numbers as kinds", async (t) => {
  assert.equal(ErrorKind.Internal, 1);
  assert.equal(ErrorKind.RetentionGap, 9);
  assert.equal(Object.keys(ErrorKind).length, 9);
  const { url } = await startWeir(t, { args: ["--token", "right"] });
  const client = new RemoteClient(url);
  assert.equal(client.token, null);
  const denied = { name: "RemoteError", kind: ErrorKind.Permission, status: 401 };
  await assert.rejects(client.listPools(), failure(denied));
  assert.equal(client.withToken("right"), client);
  assert.equal(client.token, "right");
  assert.equal(client.baseUrl.href, `${url}/`);
  const missing = { name: "RemoteError", kind: ErrorKind.NotFound, status: 404, hint: /./, path: /nowhere/ };
  await assert.rejects(client.openPool("nowhere"), failure(missing));
  await client.createPool("small", 65536);
  const pool = await client.openPool("small");
  await assert.rejects(pool.get(9), failure({ kind: ErrorKind.NotFound, seq: 9 }));
  await assert.rejects(pool.append([]), failure({ kind: ErrorKind.Usage, status: 400 }));
  await assert.rejects(pool.append({}, [], 7), failure({ kind: ErrorKind.Usage, status: 0 }));
  for (let n = 0; n < 120; n += 1) {
    await pool.append({ fill: "x".repeat(1000) });
  }
  const gap = { name: "RemoteError", kind: ErrorKind.RetentionGap, seq: 1 };
  await assert.rejects(all(pool.tail({ sinceSeq: 1, errorOnGap: true, tags: ["none"] })), failure(gap));
  await assert.rejects(all(new RemotePool(client, "nowhere").tail()), failure(missing));
  assert.throws(() => new RemoteClient("http://host/path"), failure({ name: "RemoteError", kind: ErrorKind.Usage }));
  assert.throws(() => client.withToken("a b"), failure({ name: "RemoteError", kind: ErrorKind.Usage }));
  assert.ok((await client.listPools().catch((error) => error)) instanceof Array);
  assert.ok((await client.poolInfo("nowhere").catch((error) => error)) instanceof RemoteError);
});

test("messages are parsed out of what they come in", () => {
  const text = '{"data":{"a":1},"meta":{"tags":["t"]},"seq":18446744073709551615,"time":"2026-01-02T03:04:05.000000006Z"}';
  const message = parseMessage(text);
  assert.equal(message.seq, 2n ** 64n - 1n);
  assert.equal(message.timeRfc3339, "2026-01-02T03:04:05.000000006Z");
  assert.equal(new TextDecoder().decode(message.raw), text);
  assert.deepEqual(parseMessage(new TextEncoder().encode(text)), message);
  assert.deepEqual(parseMessage({ data: { a: 1 }, meta: { tags: ["t"] }, seq: message.seq, time: message.timeRfc3339 }), message);
  assert.equal(parseMessage(message), message);
  for (const wrong of ["", "{}", "7", new Uint8Array([0xff]), null, undefined, { seq: 1 }]) {
    assert.throws(() => parseMessage(wrong), failure({ name: "RemoteError", kind: ErrorKind.Usage }));
  }
});

test("the sizes are those of the other package", () => {
  assert.deepEqual([DEFAULT_POOL_SIZE, DEFAULT_POOL_SIZE_BYTES], [1048576, 1048576]);
});
