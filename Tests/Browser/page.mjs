// What the tests of the page share: one browser a file, a server and tabs a test, and what must hold in every test.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Browser } from "./browser.mjs";
import { until } from "./waiting.mjs";
import { Weir } from "./weir.mjs";

let browser;

/** Starts a browser before the tests of this file, and ends it after them. */
export function useBrowser() {
  before(async () => { browser = await Browser.start(); });
  after(() => browser?.close());
}

const ends = new WeakMap(); // by test, what to do at its end

/** Does this when the test ends, before what was asked for earlier: tabs close before their server does. */
function atEnd(t, action) {
  if (!ends.has(t)) {
    ends.set(t, []);
    t.after(async () => {
      const faults = [];
      for (const action of ends.get(t).reverse()) await action().catch(fault => faults.push(fault));
      if (faults.length) throw faults[0];
    });
  }
  ends.get(t).push(action);
}

/** A server that lasts as long as the test. */
export async function serve(t, ...options) {
  const weir = await Weir.start(...options);
  atEnd(t, () => weir.close());
  return weir;
}

/**
 * A tab that shows an address. When the test ends, the browser must have had nothing to complain about except what
 * matches `expected`, and the page must have asked nobody but its own server. The script `before` runs before the page's,
 * and `answer` is what Tab.answer takes.
 */
export async function open(t, address, { expected, before, answer, ...options } = {}) {
  const tab = await browser.tab(options);
  atEnd(t, async () => {
    await tab.close();
    assert.deepEqual(tab.complaints.filter(complaint => !expected?.test(complaint)), [], "complaints of the browser");
    const { origin } = new URL(address);
    assert.deepEqual(tab.requests.filter(url => !url.startsWith(origin) && !url.startsWith("data:")), [], "requests to others");
  });
  if (answer) await tab.answer(...answer);
  if (before) await tab.call("Page.addScriptToEvaluateOnNewDocument", { source: before });
  await tab.open(address);
  return tab;
}

/** What the browser says when a server is gone, or refuses: tests that bring that about expect it. */
export const UNREACHABLE = /Failed to load resource|net::ERR_/;

/** The rows that the list of messages shows now: numbers, notices and data. */
export const rows = tab => tab.eval(() => [...document.querySelectorAll("#runway > .row")]
  .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
  .map(row => row.classList.contains("notice") ? { notice: row.textContent }
    : { seq: row.querySelector(".seq").textContent, data: row.querySelector(".data").textContent }));

/** Waits until the list shows just these rows: sequence numbers as text, or notices. */
export async function untilRows(tab, expected) {
  let seen;
  await until(async () => {
    seen = (await rows(tab)).map(row => row.seq ?? row.notice);
    return isDeepStrictEqual(seen, expected);
  }).catch(() => assert.deepEqual(seen, expected));
}

/** Waits until the newest row is the message with this number. */
export const untilNewest = (tab, seq) => tab.until(seq => {
  const last = [...document.querySelectorAll("#runway > .row")].find(row => row.ariaPosInSet === row.ariaSetSize);
  return last?.querySelector(".seq")?.textContent === String(seq);
}, seq);

/** Waits until the connection is said to be so: live, paused, reconnecting, ended. */
export const untilState = (tab, state) => tab.until(state => document.querySelector("#state").dataset.state === state, state);

/** Clicks the row of a message. */
export async function clickRow(tab, seq) {
  await tab.until(seq => {
    for (const row of document.querySelectorAll("#runway > .row")) row.removeAttribute("data-test");
    const row = [...document.querySelectorAll("#runway > .row")].find(row => row.querySelector(".seq")?.textContent === String(seq));
    row?.setAttribute("data-test", "");
    return !!row;
  }, seq);
  await tab.click("#runway > .row[data-test]");
  await tab.untilText("#detail-title", `Message ${seq}`);
}
