// One pool of a server.

import { unexpected, usage, WeirError } from "./errors.js";
import { poolPath } from "./address.js";
import { writeJson } from "./json.js";
import { checkedCount, checkedDurability, checkedMessage, checkedTags } from "./message.js";
import { checkedTailOptions, follow, FRAMES, LINES, readOnce, Tail } from "./tail.js";

const LITE3 = "application/x-plasmite-lite3";

/** The method of a pool that reads one stream of the server, as long as that lasts. */
export const oneStream = Symbol("oneStream");

/** A pool by its name. Making one asks nothing of the server; `WeirClient.openPool` does. */
export class Pool {
  #path;
  #transport;
  #exactNumbers;

  /**
   * @param {import("./client.js").WeirClient} client
   * @param {string} name
   * @param {{ transport: import("./transport.js").Transport, exactNumbers: boolean }} parts what the client shares
   */
  constructor(client, name, { transport, exactNumbers }) {
    this.#path = poolPath(name);
    this.#transport = transport;
    this.#exactNumbers = exactNumbers;
    this.client = client;
    this.name = name;
  }

  /** What is known of the pool: geometry, bounds, use. */
  async info(options) {
    return this.client.poolInfo(this.name, options);
  }

  /**
   * Appends a message and gives it back with its number and time. If this fails with origin "connection", the message may
   * be there all the same: nothing is sent twice on its own.
   *
   * @param {unknown} data an object that JSON can say; bigints become integers
   * @param {{ tags?: string[], durability?: "fast" | "flush", signal?: AbortSignal }} [options] "flush" answers once
   *   the message is on the disk
   */
  async append(data, { tags = [], durability, signal } = {}) {
    let body;
    try {
      body = writeJson({ data, tags: checkedTags(tags), durability: checkedDurability(durability) });
    } catch (error) {
      throw error instanceof WeirError ? error : usage(`data has no JSON text: ${error.message}`);
    }
    const answer = await this.#json({
      method: "POST",
      path: `${this.#path}/append`,
      body,
      contentType: "application/json",
      signal,
    });
    return checkedMessage(answer?.message, this.name);
  }

  /**
   * Appends an encoded document, which holds both `meta` and `data`, and gives back the message.
   *
   * @param {Uint8Array | ArrayBuffer} document
   * @param {{ durability?: "fast" | "flush", signal?: AbortSignal }} [options]
   */
  async appendLite3(document, { durability, signal } = {}) {
    if (!(document instanceof ArrayBuffer || ArrayBuffer.isView(document))) {
      throw usage("an encoded document must be a Uint8Array or an ArrayBuffer");
    }
    const query = new URLSearchParams();
    if (checkedDurability(durability) !== undefined) {
      query.set("durability", durability);
    }
    const answer = await this.#json({
      method: "POST",
      path: `${this.#path}/append_lite3`,
      query,
      body: document,
      contentType: LITE3,
      signal,
    });
    return checkedMessage(answer?.message, this.name);
  }

  /**
   * The message with this number.
   *
   * @param {number | bigint} seq
   * @param {{ signal?: AbortSignal }} [options]
   */
  async get(seq, { signal } = {}) {
    const path = `${this.#path}/messages/${checkedCount(seq, "seq")}`;
    const answer = await this.#json({ method: "GET", path, signal });
    return checkedMessage(answer?.message, this.name);
  }

  /**
   * The message with this number as the document that is stored: `{ seq, payload }`.
   *
   * @param {number | bigint} seq
   * @param {{ signal?: AbortSignal }} [options]
   */
  async getLite3(seq, { signal } = {}) {
    const path = `${this.#path}/messages/${checkedCount(seq, "seq")}/lite3`;
    const { headers, bytes } = await this.#transport.bytes({ method: "GET", path, pool: this.name, signal });
    const type = headers.get("content-type") ?? "";
    if (!type.startsWith(LITE3)) {
      throw unexpected(`the answer is of type '${type}', not ${LITE3}`, { path: this.name });
    }
    return { seq, payload: bytes };
  }

  /**
   * The messages of the pool, oldest first, and then those to come, for as long as somebody asks. Survives lost
   * connections and restarts of the server without losing or repeating a message.
   *
   * @param {import("../index.js").TailOptions} [options]
   * @returns {Tail}
   */
  tail(options = {}) {
    return this.#follow(LINES, options);
  }

  /**
   * The same as frames: `{ seq, timestampNs, time, payload }`. The server cannot tell of gaps in this stream, so with
   * `tags` neither `gapPolicy: "error"` nor `onGap` nor `live: false` can be had.
   *
   * @param {import("../index.js").TailOptions} [options]
   * @returns {Tail}
   */
  tailLite3(options = {}) {
    return this.#follow(FRAMES, options);
  }

  /** @param {import("../index.js").TailOptions & { timeoutMs?: number | bigint }} options */
  [oneStream](options) {
    const plan = checkedTailOptions(LINES, options);
    const timeoutMs = options.timeoutMs === undefined ? undefined : checkedCount(options.timeoutMs, "timeoutMs");
    return new Tail((signal) => readOnce(this.#source(), LINES, plan, timeoutMs, signal), options.signal);
  }

  #follow(format, options) {
    const plan = checkedTailOptions(format, options);
    return new Tail((signal) => follow(this.#source(), format, plan, signal), options.signal);
  }

  #source() {
    return {
      name: this.name,
      path: this.#path,
      transport: this.#transport,
      exactData: this.#exactNumbers,
      newest: async (signal) => (await this.info({ signal })).bounds.newest,
    };
  }

  #json(request) {
    return this.#transport.json({ ...request, pool: this.name, exactData: this.#exactNumbers });
  }
}
