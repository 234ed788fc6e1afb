// One server and its pools.

import { checkedAddress, poolPath } from "./address.js";
import { errorOfEnvelope, isCount, isObject, unexpected, usage } from "./errors.js";
import { writeJson } from "./json.js";
import { checkedCount } from "./message.js";
import { Pool } from "./pool.js";
import { checkedMilliseconds, Transport } from "./transport.js";

const MOST_OF_AN_ANSWER = 64 << 20;
const LONGEST_EXCHANGE_MS = 30_000;

/** A client of one server. Holds no connection of its own and need not be closed. */
export class WeirClient {
  #transport;
  #exactNumbers;

  /**
   * @param {string | URL} baseUrl `http(s)://host[:port]`
   * @param {import("../index.js").WeirClientOptions} [options]
   */
  constructor(baseUrl, options = {}) {
    const { token, timeoutMs, maxResponseBytes = MOST_OF_AN_ANSWER, exactNumbers = false } = options;
    const url = checkedAddress(baseUrl, options);
    const fetch = options.fetch ?? globalThis.fetch;
    if (typeof fetch !== "function") {
      throw usage("there is no fetch here", "pass one as an option");
    }
    if (!Number.isSafeInteger(maxResponseBytes) || maxResponseBytes <= 0) {
      throw usage("maxResponseBytes must be a whole number above 0");
    }
    this.#transport = new Transport(url, {
      token,
      fetch,
      timeoutMs: checkedMilliseconds(timeoutMs, "timeoutMs", LONGEST_EXCHANGE_MS),
      maxResponseBytes,
    });
    this.#exactNumbers = exactNumbers;
    this.baseUrl = url.origin;
  }

  /** A pool by its name, without asking whether it is there. */
  pool(name) {
    return new Pool(this, name, { transport: this.#transport, exactNumbers: this.#exactNumbers });
  }

  /**
   * Makes a pool, and says what is known of it.
   *
   * @param {string} name
   * @param {number | bigint | { sizeBytes?: number | bigint, signal?: AbortSignal }} [options] the size of its file;
   *   without it the server chooses
   */
  async createPool(name, options = {}) {
    const { sizeBytes, signal } = isObject(options) ? options : { sizeBytes: options };
    poolPath(name);
    const size_bytes = sizeBytes === undefined ? undefined : checkedCount(sizeBytes, "sizeBytes");
    return this.#info("POST", "/v0/pools", name, signal, { pool: name, size_bytes });
  }

  /** Asks the server to open a pool, and gives it. */
  async openPool(name, { signal } = {}) {
    const pool = this.pool(name);
    await this.#info("POST", "/v0/pools/open", name, signal, { pool: name });
    return pool;
  }

  /** What is known of a pool: geometry, bounds, use. */
  async poolInfo(name, { signal } = {}) {
    return this.#info("GET", `${poolPath(name)}/info`, name, signal);
  }

  /**
   * What is known of every pool of the server. Pools that it cannot open are left out; `onUnreadable` learns of each.
   *
   * @param {{ onUnreadable?: (pool: { name: string, path: string, error: Error }) => void, signal?: AbortSignal }}
   *   [options]
   */
  async listPools({ onUnreadable, signal } = {}) {
    const answer = await this.#transport.json({ method: "GET", path: "/v0/pools", signal });
    if (!isObject(answer) || !Array.isArray(answer.pools)) {
      throw unexpected("the answer is no list of pools");
    }
    const pools = answer.pools.map((pool) => checkedInfo(pool));
    for (const entry of Array.isArray(answer.errors) ? answer.errors : []) {
      const error = errorOfEnvelope(entry);
      if (error !== undefined) {
        onUnreadable?.({ name: String(entry.name), path: String(entry.path), error });
      }
    }
    return pools;
  }

  /** Deletes a pool, with all its messages. */
  async deletePool(name, { signal } = {}) {
    await this.#transport.json({ method: "DELETE", path: poolPath(name), pool: name, signal });
  }

  async #info(method, path, name, signal, value) {
    const body = value === undefined ? undefined : writeJson(value);
    const contentType = value === undefined ? undefined : "application/json";
    const answer = await this.#transport.json({ method, path, body, contentType, pool: name, signal });
    return checkedInfo(answer?.pool, name);
  }
}

function checkedInfo(value, name) {
  const good =
    isObject(value) &&
    typeof value.name === "string" &&
    isObject(value.bounds) &&
    [value.bounds.oldest, value.bounds.newest].every((bound) => bound === undefined || isCount(bound));
  if (!good) {
    throw unexpected("what the server sent is not what it knows of a pool", { path: name });
  }
  return value;
}
