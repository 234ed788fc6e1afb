import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";

import { WeirClient, WeirError } from "../lib/index.js";
import { failure } from "../test-support/server.js";

const token = "secret-token";
const refused = (parts) => failure({ name: "WeirError", kind: "Usage", origin: "arguments", ...parts });

test("a base URL is scheme, host and port", () => {
  for (const url of ["http://127.0.0.1:9700", "https://example.com/", new URL("http://localhost:1"), "http://[::1]:9700"]) {
    assert.equal(new WeirClient(url).baseUrl, new URL(url).origin);
  }
  const wrong = [
    "", "nonsense", "127.0.0.1:9700", "ftp://host", "file:///etc/passwd", "http://", "http://host/path", "http://host//",
    "http://host/?", "http://host/?a=b", "http://host/#", "http://host/#a", "http://user@host", "http://user:word@host",
    undefined, null, 7,
  ]; // prettier-ignore
  for (const url of wrong) {
    assert.throws(() => new WeirClient(url), refused({}), String(url));
  }
});

test("a password in a URL is not repeated in the error", () => {
  assert.throws(
    () => new WeirClient("http://user:password-in-url@host"),
    (error) => error instanceof WeirError && !inspect(error).includes("password-in-url"),
  );
});

test("a token goes over https, and over http only to this machine", () => {
  const near = ["http://127.0.0.1:1", "http://127.9.9.9:1", "http://0x7f000001:1", "http://localhost:1", "http://[::1]:1"];
  for (const url of [...near, "https://example.com"]) {
    assert.ok(new WeirClient(url, { token }));
  }
  const far = ["http://example.com", "http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com",
    "http://0.0.0.0:1", "http://[::]:1", "http://[::ffff:10.0.0.1]:1"]; // prettier-ignore
  for (const url of far) {
    assert.throws(() => new WeirClient(url, { token }), refused({ message: /plain http/ }), url);
    assert.ok(new WeirClient(url, { token, allowInsecureToken: true }));
    assert.ok(new WeirClient(url));
  }
});

test("a token is visible ASCII, and shows up nowhere", () => {
  for (const wrong of ["", "a b", "a\nb", "a\r\nx: y", "é", 7, {}]) {
    assert.throws(() => new WeirClient("http://127.0.0.1", { token: wrong }), refused({}), String(wrong));
  }
  const client = new WeirClient("http://127.0.0.1", { token });
  const seen = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client) + inspect(client.pool("a"), { depth: 9 });
  assert.ok(!seen.includes(token));
});

test("options are checked", () => {
  for (const options of [
    { timeoutMs: 0 }, { timeoutMs: NaN }, { timeoutMs: "1" }, { timeoutMs: Infinity }, { maxResponseBytes: 0 },
    { maxResponseBytes: 1.5 },
  ]) {
    assert.throws(() => new WeirClient("http://127.0.0.1", options), refused({}), inspect(options));
  }
  assert.throws(() => new WeirClient("http://127.0.0.1", { fetch: 7 }), refused({ message: /fetch/ }));
});

test("arguments that cannot be sent are refused before anything is sent", async () => {
  const client = new WeirClient("http://127.0.0.1", { fetch: () => assert.fail("something was sent") });
  for (const name of ["", ".", "..", "\ud800", undefined, 7]) {
    await assert.rejects(client.poolInfo(name), refused({}), String(name));
    await assert.rejects(client.createPool(name), refused({}), String(name));
    await assert.rejects(client.openPool(name), refused({}), String(name));
    await assert.rejects(client.deletePool(name), refused({}), String(name));
    assert.throws(() => client.pool(name), refused({}), String(name));
  }
  const pool = client.pool("a");
  for (const seq of [-1, 1.5, NaN, 2 ** 53, -1n, 2n ** 64n, "1", undefined, null]) {
    await assert.rejects(pool.get(seq), refused({ message: /seq/ }), String(seq));
    await assert.rejects(pool.getLite3(seq), refused({ message: /seq/ }), String(seq));
    if (seq !== undefined) {
      assert.throws(() => pool.tail({ sinceSeq: seq }), refused({ message: /sinceSeq/ }), String(seq));
      assert.throws(() => pool.tail({ max: seq }), refused({ message: /max/ }), String(seq));
    }
  }
  const itself = {};
  itself.itself = itself;
  await assert.rejects(pool.append(itself), refused({ message: /no JSON text/ }));
  await assert.rejects(pool.append({}, { tags: "a" }), refused({ message: /tags/ }));
  await assert.rejects(pool.append({}, { tags: [1] }), refused({ message: /tags/ }));
  await assert.rejects(pool.append({}, { durability: "later" }), refused({ message: /durability/ }));
  await assert.rejects(pool.appendLite3("text"), refused({ message: /document/ }));
  assert.throws(() => pool.tail({ gapPolicy: "skip" }), refused({ message: /gapPolicy/ }));
  assert.throws(() => pool.tail({ tags: "a" }), refused({ message: /tags/ }));
  assert.throws(() => pool.tail({ silenceMs: -1 }), refused({ message: /silenceMs/ }));
  assert.throws(() => pool.tail({ retryForMs: -1 }), refused({ message: /retryForMs/ }));
  for (const options of [{ gapPolicy: "error" }, { onGap() {} }, { live: false }]) {
    assert.throws(() => pool.tailLite3({ tags: ["a"], ...options }), refused({ message: /encoded documents/ }));
  }
});
