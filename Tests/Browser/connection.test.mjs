import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./waiting.mjs";
import { open, rows, serve, UNREACHABLE, untilNewest, untilRows, untilState, useBrowser } from "./page.mjs";

useBrowser();

const lines = (from, to, filler = "") => Array.from({ length: to - from + 1 }, (_, i) => `{"i":${from + i},"x":"${filler}"}\n`).join("");

/** Notes every state that the page shows from now on. */
const noteStates = tab => tab.eval(() => {
  const state = document.querySelector("#state");
  window.states = [state.dataset.state];
  new MutationObserver(() => window.states.push(state.dataset.state)).observe(state, { attributes: true, attributeFilter: ["data-state"] });
});

test("streams that end after their time are taken up without a sign of it", async t => {
  const weir = await serve(t, "--max-tail-timeout-ms", "300");
  await weir.create("demo");
  const tab = await open(t, weir.page("demo"));
  await untilState(tab, "live");
  await noteStates(tab);
  const streams = () => tab.requests.filter(url => url.includes("/events?")).length;
  for (let i = 1; i <= 60; i++) {
    await weir.append("demo", { i });
    if (i % 10 === 0) await untilNewest(tab, i);
  }
  const before = streams();
  await until(() => streams() >= before + 3);
  await weir.append("demo", { i: 61 });
  await untilNewest(tab, 61);
  await tab.untilText("#count", "61 rows");
  assert.deepEqual([...new Set(await tab.eval("window.states"))], ["live"]);
  assert.deepEqual((await rows(tab)).map(row => row.notice).filter(Boolean), []);
});

test("after the server was away, the stream goes on without duplicates or losses", async t => {
  const weir = await serve(t);
  await weir.create("demo");
  await weir.run(["feed", "demo"], lines(1, 3));
  const tab = await open(t, weir.page("demo"), { expected: UNREACHABLE });
  await untilNewest(tab, 3);
  await weir.stop();
  await untilState(tab, "reconnecting");
  await tab.untilText("#problem-text", "The server cannot be reached");
  await weir.run(["feed", "demo"], lines(4, 8));
  await weir.serve();
  await untilNewest(tab, 8);
  await untilState(tab, "live");
  await untilRows(tab, ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.equal(await tab.visible("#problem"), false);
  await weir.append("demo", {});
  await untilNewest(tab, 9);
});

test("a tab that nobody looks at lets its stream go, and catches up", async t => {
  const weir = await serve(t);
  await weir.create("demo");
  await weir.append("demo", {});
  const tab = await open(t, weir.page("demo"), { before: `{
    const later = setTimeout; // a minute is over sooner here
    setTimeout = (action, wait) => later(action, wait === 60000 ? 1 : wait);
  }` });
  await untilNewest(tab, 1);
  const look = hidden => tab.eval(hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  const followers = async () => JSON.parse(await weir.get("/v0/ui/pools/demo/info")).pool.followers.count;
  assert.equal(await followers(), 1);
  await look(true);
  await until(async () => await followers() === 0);
  await weir.run(["feed", "demo"], lines(2, 5));
  await look(false);
  await untilNewest(tab, 5);
  await untilRows(tab, ["1", "2", "3", "4", "5"]);
});

test("messages that were overwritten before they could be read are counted", async t => {
  const weir = await serve(t);
  await weir.create("small", 131072);
  await weir.run(["feed", "small"], lines(1, 3));
  const tab = await open(t, weir.page("small"), { expected: UNREACHABLE });
  await untilNewest(tab, 3);
  await weir.stop();
  await untilState(tab, "reconnecting");
  await weir.run(["feed", "small"], lines(4, 400, "x".repeat(1000)));
  await weir.serve();
  await untilNewest(tab, 400);
  await tab.type("#filter", "");
  await tab.eval("document.querySelector('#stream').scrollTop = 0");
  await tab.untilText("#runway", "could be read");
  const seen = await rows(tab), at = seen.findIndex(row => row.notice);
  assert.equal(seen[at - 1].seq, "3");
  const missing = Number(seen[at + 1].seq) - 4;
  assert.ok(missing > 100);
  assert.equal(seen[at].notice, `${missing} messages were gone before they could be read`);
});

test("a pool that is deleted and made again is followed from its new beginning", async t => {
  const weir = await serve(t);
  await weir.create("demo");
  await weir.run(["feed", "demo"], lines(1, 5));
  const tab = await open(t, weir.page("demo"), { expected: UNREACHABLE });
  await untilNewest(tab, 5);
  await weir.remove("demo");
  await untilState(tab, "ended");
  await tab.untilText("#state-text", "No such pool");
  await weir.create("demo");
  await weir.append("demo", { anew: true });
  await untilNewest(tab, 1);
  await untilState(tab, "live");
  await untilRows(tab, ["1", "2", "3", "4", "5", "Another pool took the place of this one: its messages follow", "1"]);
});

test("a pool that does not exist is named as the reason, and followed once it does", async t => {
  const weir = await serve(t);
  const tab = await open(t, weir.page("later"), { expected: UNREACHABLE });
  await untilState(tab, "ended");
  assert.match(await tab.text("#problem-text"), /not found/);
  await weir.create("later");
  await weir.append("later", {});
  await untilNewest(tab, 1);
});

test("a flood leaves the page answering, with few rows in the document", async t => {
  const weir = await serve(t);
  await weir.create("flood", 64 << 20);
  const tab = await open(t, weir.page("flood"));
  await untilState(tab, "live");
  await tab.eval(() => {
    window.longest = 0;
    window.most = 0;
    let before = performance.now();
    const frame = now => {
      window.longest = Math.max(window.longest, now - before);
      window.most = Math.max(window.most, document.querySelectorAll("#runway > *").length);
      before = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const count = 30000;
  await weir.run(["feed", "flood"], lines(1, count, "some text of an ordinary message"));
  await untilNewest(tab, count);
  await tab.untilText("#count", "400 rows");
  const [longest, most] = await tab.eval("[window.longest, window.most]");
  assert.ok(most < 80, `${most} rows in the document`);
  t.diagnostic(`longest frame ${Math.round(longest)} ms`);
});
