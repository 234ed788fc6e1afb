// Against a live server that goes away and comes back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { WeirClient } from "../lib/index.js";
import { failure, startWeir, take, temporaryFolder, until, within } from "../test-support/server.js";

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

for (const signal of ["SIGTERM", "SIGKILL"]) {
  for (const method of ["tail", "tailLite3"]) {
    test(`${method} goes on over a restart after ${signal}, with nothing lost and nothing twice`, async (t) => {
      const folder = await temporaryFolder(t);
      let server = await startWeir(t, { folder });
      const client = new WeirClient(server.url);
      await client.createPool("demo");
      const pool = client.pool("demo");
      const append = async (from, to) => {
        for (const n of numbers(from, to)) {
          assert.equal((await pool.append({ n })).seq, n);
        }
      };

      await append(1, 50);
      const reconnects = [];
      const tail = pool[method]({ onReconnect: (failed) => reconnects.push(failed) });
      const received = (await take(tail, 10)).map(({ seq }) => seq);
      const reading = (async () => {
        for await (const { seq } of tail) {
          received.push(seq);
          if (seq === 150) {
            return;
          }
        }
      })();
      await append(51, 100);
      await server.stop(signal);
      await until("an attempt while nobody is there", () => reconnects.length >= 1);
      server = await startWeir(t, { folder, port: server.port });
      await append(101, 150);
      await within(reading, "all messages");
      assert.deepEqual(received, numbers(1, 150));
      for (const { attempt, delayMs, error } of reconnects) {
        assert.ok(attempt >= 1 && delayMs >= 25 && delayMs <= 5000, `${attempt}: ${delayMs} ms`);
        assert.equal(error.kind, "Io");
      }
    });
  }
}

test("one request fails plainly when nobody is there", async (t) => {
  const server = await startWeir(t);
  await server.stop();
  const client = new WeirClient(server.url);
  const unreachable = { kind: "Io", origin: "connection", message: "request failed", path: "demo", status: undefined };
  const failed = await client.poolInfo("demo").catch((error) => error);
  assert.ok(failure(unreachable)(failed));
  assert.ok(failed.causes.some((cause) => cause.includes("ECONNREFUSED")), String(failed.causes));
  await assert.rejects(client.pool("demo").append({}), failure(unreachable));
});

test("a tail gives up when it was told when", async (t) => {
  const server = await startWeir(t);
  await server.stop();
  let attempts = 0;
  const tail = new WeirClient(server.url).pool("demo").tail({ retryForMs: 200, onReconnect: () => (attempts += 1) });
  await assert.rejects(within(tail.next(), "the end"), failure({ kind: "Io", origin: "connection" }));
  assert.ok(attempts >= 1);
});

test("the server ends properly while somebody follows", async (t) => {
  const server = await startWeir(t);
  const client = new WeirClient(server.url);
  await client.createPool("demo");
  const tail = client.pool("demo").tail();
  await client.pool("demo").append({});
  await take(tail, 1);
  const next = tail.next();
  assert.equal(await server.stop("SIGTERM"), 0);
  await tail.return();
  assert.deepEqual(await next, { done: true, value: undefined });
});
