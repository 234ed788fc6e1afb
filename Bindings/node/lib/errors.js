// Errors are values with a kind: what the server sends in its envelope, and the same for what goes wrong on the way.

/** The kinds, in the order of their numbers: the first has number 1. */
export const ERROR_KINDS = Object.freeze([
  "Internal",
  "Usage",
  "NotFound",
  "AlreadyExists",
  "Busy",
  "Permission",
  "Corrupt",
  "Io",
  "RetentionGap",
]);

/**
 * Why an operation did not happen.
 *
 * `origin` tells where it was found out: `"arguments"` before anything was sent, `"connection"` when the server could not
 * be reached or the connection broke (whether an append happened is then unknown), `"answer"` when what came is not what
 * such a server sends, `"server"` when the server said so.
 */
export class WeirError extends Error {
  /**
   * @param {string} message
   * @param {{ kind: string, origin: string, hint?: string, path?: string, seq?: number | bigint,
   *   offset?: number | bigint, causes?: string[], status?: number, cause?: unknown }} parts
   */
  constructor(message, { kind, origin, hint, path, seq, offset, causes, status, cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "WeirError";
    this.kind = kind;
    this.origin = origin;
    this.hint = hint;
    this.path = path;
    this.seq = seq;
    this.offset = offset;
    this.causes = causes;
    this.status = status;
  }
}

/**
 * An argument that cannot be sent as it is.
 *
 * @param {string} message
 * @param {string} [hint]
 */
export function usage(message, hint) {
  return new WeirError(message, { kind: "Usage", origin: "arguments", hint });
}

/**
 * An answer that no such server gives.
 *
 * @param {string} message
 * @param {{ hint?: string, path?: string, status?: number, cause?: unknown }} [parts]
 */
export function unexpected(message, parts = {}) {
  return new WeirError(message, { kind: "Io", origin: "answer", ...parts });
}

/**
 * A server that could not be reached, or a connection that broke.
 *
 * @param {string} message
 * @param {{ hint?: string, path?: string, cause?: unknown }} [parts]
 */
export function disconnected(message, parts = {}) {
  return new WeirError(message, { kind: "Io", origin: "connection", causes: causesOf(parts.cause), ...parts });
}

/** What the system said, outermost first. */
function causesOf(error) {
  const causes = [];
  for (let cause = error; cause !== null && typeof cause === "object" && causes.length < 8; cause = cause.cause) {
    const text = cause.message || cause.code || cause.name;
    if (typeof text === "string" && text !== "") {
      causes.push(text);
    }
  }
  return causes.length > 0 ? causes : undefined;
}

/**
 * The error of an envelope `{"error":{…}}`, or undefined if the value is none.
 *
 * @param {unknown} value
 * @param {number} [status] the status of the answer that it came in; none inside a stream
 * @returns {WeirError | undefined}
 */
export function errorOfEnvelope(value, status) {
  const error = isObject(value) ? value.error : undefined;
  if (!isObject(error)) {
    return undefined;
  }
  const kind = ERROR_KINDS.includes(error.kind) ? error.kind : kindOfStatus(status);
  const message = typeof error.message === "string" && error.message !== "" ? error.message : "the server gave no reason";
  const causes = Array.isArray(error.causes) ? error.causes.filter((cause) => typeof cause === "string") : undefined;
  return new WeirError(message, {
    kind,
    origin: "server",
    status,
    hint: typeof error.hint === "string" ? error.hint : undefined,
    path: typeof error.path === "string" ? error.path : undefined,
    seq: isCount(error.seq) ? error.seq : undefined,
    offset: isCount(error.offset) ? error.offset : undefined,
    causes,
  });
}

/**
 * The error of an answer without an envelope: something between the server and us made it.
 *
 * @param {number} status
 * @param {string} [path] the pool concerned
 */
export function errorOfStatus(status, path) {
  return new WeirError(`the server answered ${status} and gave no reason`, {
    kind: kindOfStatus(status),
    origin: "server",
    status,
    path,
  });
}

function kindOfStatus(status) {
  switch (status) {
    case 400:
    case 413:
      return "Usage";
    case 401:
    case 403:
      return "Permission";
    case 404:
      return "NotFound";
    case 409:
      return "AlreadyExists";
    case 410:
      return "RetentionGap";
    case 423:
      return "Busy";
    default:
      return status >= 500 ? "Internal" : "Io";
  }
}

/**
 * Whether trying again may help: the connection broke, or the server is busy, stopping or in trouble.
 *
 * A request that the server refused stays refused, and damage does not heal.
 *
 * @param {unknown} error
 */
export function mayPass(error) {
  if (!(error instanceof WeirError)) {
    return false;
  }
  if (error.origin === "connection") {
    return true;
  }
  const refused = error.status >= 400 && error.status < 500 && error.status !== 423;
  return error.origin === "server" && !refused && ["Busy", "Internal", "Io"].includes(error.kind);
}

/** Whether the value is a JSON object. */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the value is a whole number from 0 up, as the JSON reader gives them. */
export function isCount(value) {
  return typeof value === "bigint" ? value >= 0n : Number.isSafeInteger(value) && value >= 0;
}
