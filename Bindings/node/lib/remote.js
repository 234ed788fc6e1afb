// The remote client under the names that programs written for Plasmite's Node package use: only the import changes.
// Errors have numbers as kinds there, sequence numbers are always bigints, and a tail is one stream of the server.

import { checkToken } from "./address.js";
import { WeirClient } from "./client.js";
import { ERROR_KINDS, usage, WeirError } from "./errors.js";
import { readJson, writeJson } from "./json.js";
import { checkedMessage } from "./message.js";
import { oneStream } from "./pool.js";
import { textOf } from "./transport.js";

/** The numbers of the kinds of errors. */
export const ErrorKind = Object.freeze(Object.fromEntries(ERROR_KINDS.map((kind, index) => [kind, index + 1])));
/** The numbers of the durabilities. */
export const Durability = Object.freeze({ Fast: 0, Flush: 1 });
export const DEFAULT_POOL_SIZE_BYTES = 1 << 20;
export const DEFAULT_POOL_SIZE = DEFAULT_POOL_SIZE_BYTES;

/** A WeirError with a number as its kind; `cause` is the original, which says more. */
export class RemoteError extends Error {
  /** @param {WeirError} error */
  constructor(error) {
    super(error.message, { cause: error });
    this.name = "RemoteError";
    this.status = error.status ?? 0;
    this.kind = ErrorKind[error.kind];
    this.hint = error.hint;
    this.path = error.path;
    this.seq = error.seq;
    this.offset = error.offset;
  }
}

/** One message. Never changes. */
export class Message {
  /** @param {{ seq: number | bigint, time: string, meta: { tags: string[] }, data: unknown }} message */
  constructor(message) {
    this.seq = BigInt(message.seq);
    this.time = new Date(message.time);
    this.timeRfc3339 = message.time;
    this.data = message.data;
    this.meta = Object.freeze({ tags: Object.freeze([...message.meta.tags]) });
    Object.freeze(this);
  }

  get tags() {
    return this.meta.tags;
  }

  /** The message as JSON text in UTF-8. */
  get raw() {
    const { data, meta, seq, timeRfc3339 } = this;
    return new TextEncoder().encode(writeJson({ data, meta, seq, time: timeRfc3339 }));
  }
}

/**
 * A message out of its JSON text, out of the object that such a text is read as, or as it is.
 *
 * @param {Uint8Array | string | object} payload
 * @returns {Message}
 */
export function parseMessage(payload) {
  if (payload instanceof Message) {
    return payload;
  }
  return translated(() => {
    let value = payload;
    try {
      if (payload instanceof Uint8Array) {
        value = readJson(textOf(payload));
      } else if (typeof payload === "string") {
        value = readJson(payload);
      }
      return new Message(checkedMessage(value));
    } catch (error) {
      throw usage(`this is no message: ${error.message}`);
    }
  });
}

export class RemoteClient {
  #client;
  #options;

  /**
   * @param {string | URL} baseUrl
   * @param {import("../index.js").WeirClientOptions} [options]
   */
  constructor(baseUrl, options = {}) {
    this.#options = { ...options };
    this.#client = translated(() => new WeirClient(baseUrl, options));
    this.baseUrl = new URL(this.#client.baseUrl);
  }

  get token() {
    return this.#options.token ?? null;
  }

  /** Uses this token from now on. */
  withToken(token) {
    translated(() => checkToken(this.baseUrl, token, this.#options.allowInsecureToken));
    this.#options.token = token;
    this.#client = new WeirClient(this.baseUrl, this.#options);
    return this;
  }

  createPool(name, sizeBytes) {
    return translatedLater(this.#client.createPool(name, sizeBytes));
  }

  async openPool(name) {
    await translatedLater(this.#client.openPool(name));
    return new RemotePool(this, name);
  }

  poolInfo(name) {
    return translatedLater(this.#client.poolInfo(name));
  }

  listPools() {
    return translatedLater(this.#client.listPools());
  }

  deletePool(name) {
    return translatedLater(this.#client.deletePool(name));
  }

  /** The pool as WeirClient has it: for what these names do not offer. */
  modernPool(name) {
    return translated(() => this.#client.pool(name));
  }
}

export class RemotePool {
  /**
   * @param {RemoteClient} client
   * @param {string} pool its name
   */
  constructor(client, pool) {
    this.client = client;
    this.pool = pool;
  }

  poolRef() {
    return this.pool;
  }

  async append(data, tags = [], durability = Durability.Fast) {
    const name = typeof durability === "number" ? ["fast", "flush"][durability] ?? String(durability) : durability;
    return new Message(await translatedLater(this.#modern.append(data, { tags, durability: name })));
  }

  async get(seq) {
    return new Message(await translatedLater(this.#modern.get(seq)));
  }

  /** One stream of the server: it ends with `timeoutMs`, or when the server ends it. */
  async *tail({ sinceSeq, maxMessages, timeoutMs, tags, errorOnGap = false } = {}) {
    const stream = translated(() =>
      this.#modern[oneStream]({
        sinceSeq: sinceSeq ?? undefined,
        max: maxMessages ?? undefined,
        timeoutMs: timeoutMs ?? undefined,
        tags: tags ?? undefined,
        gapPolicy: errorOnGap ? "error" : "continue",
      }),
    );
    try {
      for (;;) {
        const { done, value } = await translatedLater(stream.next());
        if (done) {
          return;
        }
        yield new Message(value);
      }
    } finally {
      await stream.return();
    }
  }

  get #modern() {
    return this.client.modernPool(this.pool);
  }
}

function translated(action) {
  try {
    return action();
  } catch (error) {
    throw error instanceof WeirError ? new RemoteError(error) : error;
  }
}

async function translatedLater(promise) {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof WeirError ? new RemoteError(error) : error;
  }
}
