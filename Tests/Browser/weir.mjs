// A weir program: its server in a pool directory of its own, and its other commands.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./waiting.mjs";

const program = resolve(process.env.WEIR ?? ".build/debug/weir");
if (!existsSync(program)) throw new Error(`${program} is not there. Build it (swift build --product weir), or set WEIR to its path.`);

export class Weir {
  #process;
  #said = "";
  #ended;
  #options;
  #bind = "127.0.0.1:0";

  /** Starts `weir serve` with these options on a port that is free. */
  static async start(...options) {
    const weir = new Weir();
    weir.directory = await mkdtemp(join(tmpdir(), "weir-page-"));
    weir.pools = join(weir.directory, "pools");
    weir.#options = options;
    await weir.serve();
    return weir;
  }

  /** Starts the server, again on the port it had if it ran before. */
  async serve(options = this.#options) {
    const ready = join(this.directory, "ready");
    await rm(ready, { force: true });
    this.#said = "";
    const child = (this.#process = spawn(program, ["--dir", this.pools, "serve", "--bind", this.#bind, ...options], {
      env: { ...process.env, WEIR_SERVE_READY_FILE: ready },
      stdio: ["ignore", "ignore", "pipe"],
    }));
    child.stderr.on("data", bytes => (this.#said += bytes));
    this.#ended = new Promise(resolve => child.once("exit", (code, signal) => resolve([code, signal])));
    await until(() => existsSync(ready) || child.exitCode !== null, () => `weir serve was not ready: ${this.#said}`);
    if (child.exitCode !== null) throw new Error(`weir serve ended with ${child.exitCode}: ${this.#said}`);
    this.#bind = (await readFile(ready, "utf8")).trim();
    this.address = `http://${this.#bind}`;
  }

  /** Asks the server to end, and waits until it has: of itself, and with nothing to complain about. */
  async stop() {
    const was = this.#process.exitCode ?? this.#process.signalCode;
    if (was !== null) throw new Error(`weir serve had ended with ${was}: ${this.#said}`);
    this.#process.kill("SIGTERM");
    const ended = await Promise.race([this.#ended, until.late(15000)]);
    if (!ended) this.#process.kill("SIGKILL");
    this.#process = undefined;
    if (ended?.[0] !== 0) throw new Error(`weir serve ${ended ? `ended with ${ended[0] ?? ended[1]}` : "did not end within 15 s"}: ${this.#said}`);
  }

  async close() {
    try { if (this.#process) await this.stop(); } finally {
      await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  page(name) {
    return this.address + (name === undefined ? "/ui" : `/ui/pools/${encodeURIComponent(name)}`);
  }

  /** Sends a body of JSON text, so that a test says which digits are in it. */
  async post(path, body, token) {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(this.address + path, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return text;
  }

  async get(path) {
    const response = await fetch(this.address + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.text();
  }

  create(name, size_bytes = 1048576, token) {
    return this.post("/v0/pools", { pool: name, size_bytes }, token);
  }

  /** Appends one message, whose data is JSON text or a value. */
  append(name, data, tags = [], token) {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return this.post(`/v0/pools/${encodeURIComponent(name)}/append`, `{"data":${text},"tags":${JSON.stringify(tags)}}`, token);
  }

  async remove(name) {
    const response = await fetch(`${this.address}/v0/pools/${encodeURIComponent(name)}`, { method: "DELETE" });
    if (!response.ok) throw new Error(`DELETE ${name}: ${response.status}`);
  }

  /** Runs another command of weir in the same directory, with lines of input. */
  async run(args, input = "") {
    const child = spawn(program, ["--dir", this.pools, ...args], { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", bytes => (said += bytes));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const code = await new Promise((resolve, reject) => { child.once("error", reject); child.once("exit", resolve); });
    if (code !== 0) throw new Error(`weir ${args.join(" ")} ended with ${code}: ${said}`);
  }
}
