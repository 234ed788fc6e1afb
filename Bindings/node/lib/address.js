// Where a server is, and what may be sent there.

import { usage } from "./errors.js";

// Addresses that never leave the machine. URL has made one spelling of each already.
const LOOPBACK = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/;
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Checks the address of a server and the token that goes there. Says nothing of the token in its errors.
 *
 * @param {string | URL} address `http(s)://host[:port]`
 * @param {{ token?: string | null, allowInsecureToken?: boolean }} options
 * @returns {URL} with path `/`
 * @throws {WeirError} Usage
 */
export function checkedAddress(address, { token, allowInsecureToken = false }) {
  let url;
  try {
    url = new URL(address);
  } catch {
    throw usage("the base URL is no URL", "give it as http://host:port or https://host:port");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw usage(`a base URL must begin with http:// or https://, not ${url.protocol}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw usage("a base URL must not carry a user or a password", "give the token as an option");
  }
  if (url.href.includes("?") || url.href.includes("#")) {
    throw usage("a base URL must not have a query or a fragment");
  }
  if (url.pathname !== "/") {
    throw usage("a base URL must not have a path", "give it as http://host:port or https://host:port");
  }
  checkToken(url, token, allowInsecureToken);
  return url;
}

/**
 * @param {URL} url
 * @param {string | null | undefined} token
 * @param {boolean} allowInsecureToken
 */
export function checkToken(url, token, allowInsecureToken) {
  if (token === undefined || token === null) {
    return;
  }
  if (typeof token !== "string" || !TOKEN.test(token)) {
    throw usage("a token must be a text of visible ASCII characters, and not empty", "is there a line feed at its end?");
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname) && !allowInsecureToken) {
    throw usage(
      `a token is not sent over plain http to ${url.hostname}: whoever is on the way could read it`,
      "use https, or set allowInsecureToken if something else protects the connection",
    );
  }
}

/**
 * The path of a pool's routes. Names that a URL cannot carry are refused here; all else is for the server to judge.
 *
 * @param {string} name
 */
export function poolPath(name) {
  if (typeof name !== "string" || name === "") {
    throw usage("pool name must be a text and not empty");
  }
  // As parts of a path these mean something else, also when they are percent-encoded.
  if (name === "." || name === "..") {
    throw usage("pool name must not be . or ..");
  }
  try {
    return `/v0/pools/${encodeURIComponent(name)}`;
  } catch {
    throw usage("pool name must be well-formed Unicode");
  }
}
