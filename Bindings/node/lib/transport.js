// One request and its answer: a deadline, a bound on what is read, and every failure as a WeirError.

import { disconnected, errorOfEnvelope, errorOfStatus, unexpected, usage } from "./errors.js";
import { readJson } from "./json.js";

// An error's envelope is small. What is larger is not one, and is not read to its end.
const MOST_OF_AN_ERROR = 1 << 20;

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {URLSearchParams} [query]
 * @property {BodyInit} [body]
 * @property {string} [contentType]
 * @property {string} [pool] the pool concerned, for errors
 * @property {AbortSignal} [signal]
 */

export class Transport {
  #base;
  #fetch;
  #token;

  /**
   * @param {URL} base
   * @param {{ token?: string | null, fetch: typeof fetch, timeoutMs: number, maxResponseBytes: number }} options
   */
  constructor(base, { token, fetch, timeoutMs, maxResponseBytes }) {
    this.#base = base;
    this.#fetch = fetch;
    this.#token = token;
    this.timeoutMs = timeoutMs;
    this.maxResponseBytes = maxResponseBytes;
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @param {Request} request
   * @returns {Promise<{ headers: Headers, bytes: Uint8Array }>}
   */
  async bytes(request) {
    const watch = new Watch(request.signal, this.timeoutMs);
    try {
      const response = await this.#answer(request, watch);
      const bytes = await this.#whole(response, watch, this.maxResponseBytes, request.pool);
      return { headers: response.headers, bytes };
    } finally {
      watch.end();
    }
  }

  /**
   * Sends a request and reads its answer as JSON.
   *
   * @param {Request & { exactData?: boolean }} request
   * @returns {Promise<any>}
   */
  async json(request) {
    const { bytes } = await this.bytes(request);
    try {
      return readJson(textOf(bytes), request);
    } catch (error) {
      throw unexpected("the answer is not JSON", { path: request.pool, cause: error });
    }
  }

  /**
   * Sends a request whose answer is a stream. The deadline holds until the answer begins; from then on it is the silence
   * between two pieces that is bounded.
   *
   * @param {Request & { contentType: never, accept: string, silenceMs: number }} request
   * @returns {Promise<{ pieces: AsyncGenerator<Uint8Array>, close: () => void }>} `close` ends the connection at once
   */
  async stream(request) {
    const watch = new Watch(request.signal, this.timeoutMs);
    try {
      const response = await this.#answer(request, watch);
      const type = (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
      if (type !== request.accept) {
        throw unexpected(`the answer is of type '${type}', not ${request.accept}`, {
          path: request.pool,
          status: response.status,
          hint: "does the base URL lead to such a server?",
        });
      }
      watch.pause();
      return {
        pieces: this.#pieces(response, watch, request.pool, request.silenceMs),
        close: () => watch.close(),
      };
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  /** The answer, once its head has come and only if it is a good one. */
  async #answer({ method, path, query, body, contentType, pool, accept }, watch) {
    const url = new URL(path, this.#base);
    if (query !== undefined) {
      url.search = query.toString();
    }
    const headers = { accept: accept ?? "*/*" };
    if (this.#token !== undefined && this.#token !== null) {
      headers.authorization = `Bearer ${this.#token}`;
    }
    if (contentType !== undefined) {
      headers["content-type"] = contentType;
    }
    const fetch = this.#fetch;
    let response;
    try {
      // "manual" shows a redirect as what it is; "error" would look like a broken connection. Neither follows it.
      response = await watch.untilEnded(fetch(url.href, {
        method,
        headers,
        body,
        signal: watch.signal,
        redirect: "manual",
        cache: "no-store",
        credentials: "omit",
      }));
    } catch (error) {
      throw watch.reasonOf(error, "request failed", pool);
    }
    if (response.ok) {
      return response;
    }
    throw await this.#errorOf(response, watch, pool);
  }

  async #errorOf(response, watch, pool) {
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      watch.close();
      return unexpected("the server redirects, which is not followed", {
        path: pool,
        status: response.status || undefined,
        hint: "give the base URL that it redirects to, if you trust it",
      });
    }
    let value;
    try {
      value = readJson(textOf(await this.#whole(response, watch, MOST_OF_AN_ERROR, pool)));
    } catch (error) {
      watch.throwIfEnded(error);
    }
    return errorOfEnvelope(value, response.status) ?? errorOfStatus(response.status, pool);
  }

  async #whole(response, watch, most, pool) {
    const pieces = [];
    let length = 0;
    for await (const piece of this.#pieces(response, watch, pool)) {
      length += piece.length;
      if (length > most) {
        throw unexpected(`the answer is longer than ${most} bytes`, {
          path: pool,
          status: response.status,
          hint: "maxResponseBytes sets what is read at most",
        });
      }
      pieces.push(piece);
    }
    return joined(pieces, length);
  }

  /** What comes, piece by piece. However this ends, nothing more is read and the connection is not kept waiting. */
  async *#pieces(response, watch, pool, silenceMs) {
    if (response.body === null) {
      return;
    }
    const reader = response.body.getReader();
    // Not every fetch that somebody passes in listens to its signal while the body comes.
    const cancel = () => void reader.cancel().catch(() => {});
    watch.signal.addEventListener("abort", cancel, { once: true });
    let ended = false;
    try {
      for (;;) {
        // Time that whoever asked takes to look at a piece is not the server's.
        if (silenceMs !== undefined) {
          watch.allow(silenceMs, `nothing came for ${silenceMs} ms`);
        }
        let step;
        try {
          step = await reader.read();
          watch.throwIfEnded();
        } catch (error) {
          throw watch.reasonOf(error, "the connection broke", pool);
        }
        if (step.done) {
          ended = true;
          return;
        }
        if (silenceMs !== undefined) {
          watch.pause();
        }
        yield step.value;
      }
    } finally {
      watch.signal.removeEventListener("abort", cancel);
      if (!ended) {
        cancel();
      }
      if (silenceMs !== undefined) {
        watch.end();
      }
    }
  }
}

/** Ends an exchange when its caller wants that, or when it takes too long; and remembers which it was. */
class Watch {
  #controller = new AbortController();
  #outer;
  #onAbort;
  #timer;
  #timedOut;

  constructor(outer, timeoutMs) {
    this.signal = this.#controller.signal;
    this.#outer = outer;
    outer?.throwIfAborted();
    this.#onAbort = () => this.#controller.abort(outer.reason);
    outer?.addEventListener("abort", this.#onAbort, { once: true });
    this.allow(timeoutMs, `no answer within ${timeoutMs} ms`);
  }

  /** From now on, so much time; then it ends and says the message. */
  allow(milliseconds, message) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timedOut = message;
      this.#controller.abort();
    }, milliseconds);
  }

  /** From now on, as much time as it takes. */
  pause() {
    clearTimeout(this.#timer);
  }

  end() {
    this.pause();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }

  close() {
    this.end();
    this.#controller.abort();
  }

  /** What the promise of a response gives, or the end of this, whichever comes first. A fetch may be deaf to its signal. */
  untilEnded(response) {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(this.signal.reason);
        response.then((late) => late.body?.cancel()).catch(() => {});
      };
      this.signal.addEventListener("abort", onAbort, { once: true });
      response.then(resolve, reject).finally(() => this.signal.removeEventListener("abort", onAbort));
    });
  }

  throwIfEnded(cause) {
    if (this.signal.aborted) {
      throw this.reasonOf(cause, "the request was ended");
    }
  }

  /** What to say of a failure: the caller's own reason, that it took too long, or that the connection failed. */
  reasonOf(error, message, pool) {
    if (this.#outer?.aborted) {
      return this.#outer.reason;
    }
    if (this.#timedOut !== undefined) {
      return disconnected(this.#timedOut, { path: pool });
    }
    return disconnected(message, { path: pool, cause: error, hint: "is the server running, and reachable from here?" });
  }
}

/**
 * @param {Uint8Array[]} pieces
 * @param {number} length
 */
export function joined(pieces, length) {
  if (pieces.length === 1) {
    return pieces[0];
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * @param {Uint8Array} bytes
 * @throws {TypeError} if they are not UTF-8
 */
export function textOf(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** A count of milliseconds that timers can keep, or the default. */
export function checkedMilliseconds(value, name, otherwise) {
  const milliseconds = value ?? otherwise;
  if (!(Number.isFinite(milliseconds) && milliseconds > 0 && milliseconds < 2 ** 31)) {
    throw usage(`${name} must be a number of milliseconds above 0 and below 2^31`);
  }
  return milliseconds;
}
