// Messages and numbers as they go over the wire, checked.

import { isCount, isObject, unexpected, usage } from "./errors.js";

const LARGEST_SEQ = 2n ** 64n - 1n;

/**
 * The value as a message: `{ seq, time, meta: { tags }, data }`.
 *
 * @param {unknown} value
 * @param {string} [pool] for the error
 */
export function checkedMessage(value, pool) {
  const good =
    isObject(value) &&
    isCount(value.seq) &&
    typeof value.time === "string" &&
    isObject(value.meta) &&
    Array.isArray(value.meta.tags) &&
    value.meta.tags.every((tag) => typeof tag === "string") &&
    "data" in value;
  if (!good) {
    throw unexpected("what the server sent is no message", { path: pool });
  }
  return value;
}

/**
 * A sequence number, or a count, as a bigint.
 *
 * @param {unknown} value
 * @param {string} name for the error
 * @returns {bigint}
 */
export function checkedCount(value, name) {
  if (typeof value === "bigint" ? value < 0n || value > LARGEST_SEQ : !isCount(value)) {
    throw usage(
      `${name} must be a whole number from 0 to 2^64 - 1`,
      "give numbers above Number.MAX_SAFE_INTEGER as bigints",
    );
  }
  return BigInt(value);
}

/**
 * @param {unknown} tags
 * @returns {string[]}
 */
export function checkedTags(tags) {
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) {
    throw usage("tags must be an array of texts");
  }
  return [...tags];
}

/**
 * @param {unknown} durability
 * @returns {"fast" | "flush" | undefined}
 */
export function checkedDurability(durability) {
  if (durability !== undefined && durability !== "fast" && durability !== "flush") {
    throw usage("durability must be 'fast' or 'flush'");
  }
  return durability;
}
