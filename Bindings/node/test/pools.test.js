// Against a live server: everything that is one request and one answer.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

import { WeirClient } from "../lib/index.js";
import { failure, startWeir } from "../test-support/server.js";

const MiB = 1 << 20;

test("pools are made, listed, opened and deleted", async (t) => {
  const client = new WeirClient((await startWeir(t)).url);
  assert.deepEqual(await client.listPools(), []);

  const made = await client.createPool("demo");
  assert.equal(made.name, "demo");
  assert.equal(made.file_size, MiB);
  assert.deepEqual(made.bounds, {});
  assert.equal(made.metrics.age.newest_time, null);
  assert.equal(made.metrics.message_count, 0);
  assert.equal((await client.createPool("big", { sizeBytes: 2 * MiB })).file_size, 2 * MiB);
  assert.equal((await client.createPool("other", BigInt(MiB))).file_size, MiB);

  const pool = await client.openPool("demo");
  assert.equal(pool.name, "demo");
  await pool.append({ a: 1 });
  const info = await client.poolInfo("demo");
  assert.deepEqual(info.bounds, { newest: 1, oldest: 1 });
  assert.equal((await pool.info()).metrics.message_count, 1);
  assert.deepEqual((await client.listPools()).map(({ name }) => name), ["big", "demo", "other"]);

  await client.deletePool("other");
  assert.deepEqual((await client.listPools()).map(({ name }) => name), ["big", "demo"]);
});

test("messages are appended and read back", async (t) => {
  const client = new WeirClient((await startWeir(t)).url);
  await client.createPool("demo");
  const pool = client.pool("demo");
  const data = { text: 'naïve "日本語" 😀 \u2028 \\', number: -1.5, nested: [{}, [], null, true] };
  const first = await pool.append(data, { tags: ["a", "b c", "x,y"] });
  assert.equal(first.seq, 1);
  assert.match(first.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
  assert.deepEqual(first.meta, { tags: ["a", "b c", "x,y"] });
  assert.deepEqual(first.data, data);
  assert.deepEqual(await pool.get(1), first);
  assert.deepEqual(await pool.get(1n), first);
  assert.equal((await pool.append({}, { durability: "flush" })).seq, 2);
  assert.equal((await pool.append({}, { durability: "fast", tags: [] })).seq, 3);
});

test("encoded documents are read and appended as they are", async (t) => {
  const client = new WeirClient((await startWeir(t)).url);
  await client.createPool("from");
  await client.createPool("to");
  const message = await client.pool("from").append({ n: 7, text: "é" }, { tags: ["copied"] });
  const { seq, payload } = await client.pool("from").getLite3(1);
  assert.equal(seq, 1);
  assert.ok(payload instanceof Uint8Array && payload.length > 0);
  const copy = await client.pool("to").appendLite3(payload, { durability: "flush" });
  assert.deepEqual([copy.seq, copy.data, copy.meta], [1, message.data, message.meta]);
  const again = await client.pool("to").appendLite3(payload.slice().buffer);
  assert.equal(again.seq, 2);
  assert.deepEqual((await client.pool("to").getLite3(2)).payload, payload);
  await assert.rejects(client.pool("to").appendLite3(new Uint8Array([1, 2, 3])), failure({ name: "WeirError", origin: "server" }));
  await assert.rejects(client.pool("to").appendLite3(new Uint8Array()), failure({ kind: "Usage", status: 400 }));
});

test("integers of 64 bits survive with exactNumbers", async (t) => {
  const { url } = await startWeir(t);
  const exact = new WeirClient(url, { exactNumbers: true });
  const loose = new WeirClient(url);
  await exact.createPool("numbers");
  const data = { least: -(2n ** 63n), most: 2n ** 63n - 1n, odd: 9007199254740993n, small: 5, list: [9007199254740995n] };
  assert.deepEqual((await exact.pool("numbers").append(data)).data, data);
  assert.deepEqual((await exact.pool("numbers").get(1)).data, data);
  const { value } = await exact.pool("numbers").tail({ max: 1 }).next();
  assert.deepEqual(value.data, data);
  assert.equal((await loose.pool("numbers").get(1)).data.odd, 9007199254740992);
});

test("errors carry what the server knows", async (t) => {
  const { url, folder } = await startWeir(t);
  const client = new WeirClient(url);
  await client.createPool("demo");
  const pool = client.pool("demo");
  const says = (parts) => failure({ name: "WeirError", origin: "server", hint: /./, ...parts });

  await assert.rejects(client.createPool("demo"), says({ kind: "AlreadyExists", status: 409, path: /demo/ }));
  await assert.rejects(client.openPool("nowhere"), says({ kind: "NotFound", status: 404, message: /not found/, path: /nowhere/ }));
  await assert.rejects(client.poolInfo("nowhere"), says({ kind: "NotFound", status: 404 }));
  await assert.rejects(client.deletePool("nowhere"), says({ kind: "NotFound", status: 404 }));
  await assert.rejects(client.pool("nowhere").append({}), says({ kind: "NotFound", status: 404 }));
  await assert.rejects(client.pool("nowhere").tail().next(), says({ kind: "NotFound", status: 404 }));
  await assert.rejects(client.pool("nowhere").tailLite3().next(), says({ kind: "NotFound", status: 404 }));
  await assert.rejects(pool.get(42), says({ kind: "NotFound", status: 404, message: "message not found", seq: 42, path: undefined }));
  await assert.rejects(pool.get(2n ** 64n - 1n), says({ kind: "NotFound", seq: 2n ** 64n - 1n }));
  await assert.rejects(pool.getLite3(42), says({ kind: "NotFound", seq: 42 }));
  await assert.rejects(pool.append([1]), says({ kind: "Usage", status: 400, message: /data must be object/ }));
  await assert.rejects(pool.append("text"), says({ kind: "Usage", status: 400 }));
  await assert.rejects(client.createPool("tiny", { sizeBytes: 1 }), says({ kind: "Usage", status: 400 }));

  await writeFile(path.join(folder, "bad.plasmite"), "NOPE");
  await assert.rejects(client.poolInfo("bad"), says({ kind: "Corrupt", status: 500, path: /bad/ }));
  await assert.rejects(client.pool("bad").tail().next(), says({ kind: "Corrupt" }));
  const unreadable = [];
  const pools = await client.listPools({ onUnreadable: (entry) => unreadable.push(entry) });
  assert.deepEqual(pools.map(({ name }) => name), ["demo"]);
  assert.deepEqual(unreadable.map(({ name, error }) => [name, error.kind]), [["bad", "Corrupt"]]);
});

test("hostile names reach no file outside and no other route", async (t) => {
  const client = new WeirClient((await startWeir(t)).url);
  const refused = failure({ kind: "Usage", status: 400, message: /pool name/ });
  for (const name of ["../x", "..\\x", "/etc/passwd", "a/b", "a/../b", "a\\b", "x\0y"]) {
    await assert.rejects(client.createPool(name), refused, name);
    await assert.rejects(client.poolInfo(name), refused, name);
    await assert.rejects(client.deletePool(name), refused, name);
    await assert.rejects(client.pool(name).append({}), refused, name);
    await assert.rejects(client.pool(name).tail().next(), refused, name);
  }
  for (const name of ["a b", "ä", "100%", "a?b=c", "a#b", "%2e%2e", "open", "tail", "a&b", "+", "日本"]) {
    await client.createPool(name);
    assert.equal((await client.poolInfo(name)).name, name);
    assert.equal((await client.pool(name).append({ name })).seq, 1, name);
  }
});

test("a token lets in, and only the right one", async (t) => {
  const { url } = await startWeir(t, { args: ["--token", "right-token"] });
  await new WeirClient(url, { token: "right-token" }).createPool("demo");
  const denied = (message) => failure({ kind: "Permission", status: 401, message });
  await assert.rejects(new WeirClient(url).listPools(), denied("missing bearer token"));
  for (const token of ["wrong", "right-toke", "right-tokenx", "Right-token"]) {
    await assert.rejects(new WeirClient(url, { token }).listPools(), denied("invalid bearer token"), token);
    await assert.rejects(new WeirClient(url, { token }).pool("demo").tail().next(), denied("invalid bearer token"));
  }
});

test("what the access mode forbids is refused", async (t) => {
  const { url } = await startWeir(t, { args: ["--access", "read-only"] });
  const client = new WeirClient(url);
  const forbidden = failure({ kind: "Permission", status: 403, message: /^forbidden: .*write/ });
  await assert.rejects(client.createPool("demo"), forbidden);
  await assert.rejects(client.pool("demo").append({}), forbidden);
  await assert.rejects(client.deletePool("demo"), forbidden);
  assert.deepEqual(await client.listPools(), []);
});

test("what is too large is refused", async (t) => {
  const { url } = await startWeir(t, { args: ["--max-body-bytes", "2000"] });
  const client = new WeirClient(url);
  await client.createPool("demo");
  const pool = client.pool("demo");
  await assert.rejects(pool.append({ text: "x".repeat(4000) }), failure({ kind: "Usage", status: 413 }));
  assert.equal((await pool.append({ text: "x".repeat(1000) })).seq, 1);
});

test("errors of the HTTP layer are envelopes as well", async (t) => {
  const { url } = await startWeir(t);
  const json = { "content-type": "application/json" };
  const cases = [
    [404, "NotFound", "/v0/nothing", {}],
    [404, "NotFound", "/nothing", {}],
    [405, "Usage", "/v0/pools", { method: "PUT", body: "{}", headers: json }],
    [415, "Usage", "/v0/pools", { method: "POST", body: '{"pool":"a"}', headers: { "content-type": "text/plain" } }],
    [400, "Usage", "/v0/pools", { method: "POST", body: '{"pool":', headers: json }],
    [400, "Usage", "/v0/pools", { method: "POST", body: '{"pool":7}', headers: json }],
    [400, "Usage", "/v0/pools", { method: "POST", body: "[]", headers: json }],
    [400, "Usage", "/v0/pools/a/messages/x", {}],
    [400, "Usage", "/v0/pools/a/tail?since_seq=-1", {}],
    [400, "Usage", "/v0/pools/a/tail?gap_policy=maybe", {}],
    [400, "Usage", "/v0/pools/a/tail?timeout_ms=99999999", {}],
    [400, "Usage", "/v0/pools/a/append", { method: "POST", body: '{"data":{},"durability":"later"}', headers: json }],
  ];
  await new WeirClient(url).createPool("a");
  for (const [status, kind, route, init] of cases) {
    const response = await fetch(url + route, init);
    const body = await response.text();
    const label = `${init.method ?? "GET"} ${route}: ${response.status} ${body}`;
    assert.equal(response.status, status, label);
    assert.equal(response.headers.get("plasmite-version"), "0", label);
    assert.match(response.headers.get("content-type"), /^application\/json/, label);
    const { error } = JSON.parse(body);
    assert.equal(error.kind, kind, label);
    assert.ok(error.message.length > 0 && error.hint.length > 0, label);
    assert.equal(response.headers.has("allow"), status === 405, label);
  }
});

test("a request that was aborted ends with the reason of its signal", async (t) => {
  const client = new WeirClient((await startWeir(t)).url);
  const reason = new Error("no longer wanted");
  await assert.rejects(client.listPools({ signal: AbortSignal.abort(reason) }), reason);
});
