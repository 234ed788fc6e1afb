import assert from "node:assert/strict";
import { test } from "node:test";
import { open, serve, UNREACHABLE, untilNewest, untilState, useBrowser } from "./page.mjs";

useBrowser();

const TOKEN = "se+cret/%token=1";

async function serveSecret(t) {
  const weir = await serve(t, "--token", TOKEN);
  await weir.create("demo", 1 << 20, TOKEN);
  await weir.append("demo", { hello: "you" }, [], TOKEN);
  return weir;
}

test("a token is asked for after a refusal, kept for the tab, and can be forgotten", async t => {
  const weir = await serveSecret(t);
  const tab = await open(t, weir.page("demo"), { expected: UNREACHABLE });
  await tab.untilVisible("#sign-in");
  assert.equal(await tab.visible("#live"), false);
  await tab.type("#token", "wrong");
  await tab.press("Enter");
  await tab.untilText("#token-answer", "invalid bearer token");
  await tab.type("#token", TOKEN);
  await tab.press("Enter");
  await untilNewest(tab, 1);
  assert.equal(await tab.visible("#sign-in"), false);
  await tab.open(weir.page());
  await tab.untilText("#pools-body", "demo");
  assert.equal(await tab.eval("location.href.includes('secret') || document.cookie"), "");
  await tab.click("#forget");
  await tab.untilVisible("#sign-in");
  assert.equal(await tab.visible("#list"), false);
});

test("a token in the fragment is taken out of the address at once", async t => {
  const weir = await serveSecret(t);
  const tab = await open(t, `${weir.page("demo")}?n=10#token=${encodeURIComponent(TOKEN)}`);
  await untilNewest(tab, 1);
  assert.equal(await tab.eval("location.href"), `${weir.page("demo")}?n=10`);
  assert.ok(tab.requests.every(url => !url.includes("secret") && !url.includes("cret%2F")));
});

test("where only reading is allowed there is nothing to write with", async t => {
  const weir = await serve(t);
  await weir.create("demo");
  await weir.append("demo", {});
  await weir.stop();
  await weir.serve(["--access", "read-only"]);
  const tab = await open(t, weir.page("demo"));
  await untilNewest(tab, 1);
  assert.equal(await tab.visible("#publish"), false);
  await tab.press("g");
  await tab.untilText("#pools-body", "demo");
  assert.equal(await tab.visible("#create-open"), false);
});

test("where only writing is allowed a pool is named and published to", async t => {
  const weir = await serve(t);
  await weir.create("demo");
  await weir.stop();
  await weir.serve(["--access", "write-only"]);
  const tab = await open(t, weir.page());
  await tab.type("#open-name", "demo");
  await tab.press("Enter");
  await tab.type("#publish-data", '{"a": 1}');
  await tab.press("Enter", { ctrl: true });
  await tab.untilText("#publish-answer", "Published as message 1");
  await untilState(tab, "ended");
  assert.equal(await tab.visible("#stream"), false);
});
