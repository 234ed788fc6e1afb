// Servers for tests: a real one, and one that answers whatever the test wants.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const program = path.resolve(repository, process.env.WEIR ?? ".build/debug/weir");
const DEADLINE_MS = 30_000;

/** A folder that is gone when the test ends. */
export async function temporaryFolder(test) {
  const folder = await mkdtemp(path.join(tmpdir(), "weir-client-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts `weir serve` on a folder of its own and ends it with the test.
 *
 * @param {import("node:test").TestContext} test
 * @param {{ args?: string[], folder?: string, port?: number }} [options]
 */
export async function startWeir(test, { args = [], folder, port = 0 } = {}) {
  folder ??= await temporaryFolder(test);
  const readyFile = path.join(await temporaryFolder(test), "ready");
  const child = spawn(program, ["--dir", folder, "serve", "--bind", `127.0.0.1:${port}`, ...args], {
    env: { ...process.env, WEIR_SERVE_READY_FILE: readyFile },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (piece) => (said += piece));
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  ended.catch(() => {});
  async function stop(signal = "SIGTERM") {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
    }
    return within(ended, "the server to end");
  }
  test.after(() => stop("SIGKILL"));

  let address;
  await until(`${program} to say where it listens`, async () => {
    if (child.exitCode !== null) {
      throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    }
    address = await Promise.race([readFile(readyFile, "utf8").catch(() => ""), ended.then(() => "")]);
    return address !== "";
  });
  address = address.trim();
  return { url: `http://${address}`, port: Number(address.split(":").at(-1)), folder, stop };
}

/**
 * A server of one test. The handler gets request and response; `requests` are the paths that were asked for.
 *
 * @param {import("node:test").TestContext} test
 * @param {http.RequestListener} handler
 */
export async function startFake(test, handler) {
  const requests = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handler(request, response, requests.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, requests, server };
}

/** Fails unless the promise is settled in time. */
export async function within(promise, what, milliseconds = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the condition holds. */
export async function until(what, condition, milliseconds = DEADLINE_MS) {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`waited ${milliseconds} ms for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The next `count` messages of a tail, in time. */
export async function take(tail, count) {
  const messages = [];
  while (messages.length < count) {
    const { done, value } = await within(tail.next(), `message ${messages.length + 1} of ${count}`);
    if (done) {
      break;
    }
    messages.push(value);
  }
  return messages;
}

/** All messages of a tail that ends. */
export async function all(tail) {
  return take(tail, Infinity);
}

/** What an error must look like, for `assert.rejects`. */
export function failure(parts) {
  return (error) => {
    for (const [name, wanted] of Object.entries(parts)) {
      const found = error[name];
      const same = wanted instanceof RegExp ? wanted.test(found) : found === wanted;
      if (!same) {
        throw new Error(`${name} is ${String(found)}, not ${String(wanted)}, in: ${error.stack}`, { cause: error });
      }
    }
    return true;
  };
}
