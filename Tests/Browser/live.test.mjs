import assert from "node:assert/strict";
import { test } from "node:test";
import { clickRow, open, rows, serve, untilNewest, untilRows, untilState, useBrowser } from "./page.mjs";

useBrowser();

/** A server with a pool that holds messages {"i":1} to {"i":count}. */
async function serveDemo(t, count = 3, ...options) {
  const weir = await serve(t, ...options);
  await weir.create("demo");
  if (count) await weir.run(["feed", "demo"], lines(1, count));
  return weir;
}
const lines = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `{"i":${from + i}}\n`).join("");
const sequences = list => list.map(row => row.seq ?? row.notice);

test("what is there and what is appended appears, in order", async t => {
  const weir = await serveDemo(t);
  const tab = await open(t, weir.page("demo"));
  await untilNewest(tab, 3);
  await weir.append("demo", { greeting: "hello" }, ["new", "über"]);
  await weir.run(["feed", "demo"], lines(5, 40));
  await untilNewest(tab, 40);
  await untilState(tab, "live");
  const seen = await rows(tab);
  assert.deepEqual(sequences(seen), Array.from({ length: seen.length }, (_, i) => String(41 - seen.length + i)));
  await tab.untilText("#fact-bounds", "1 – 40");
  assert.equal(await tab.text("#fact-lag"), "0");
  assert.equal(await tab.text("#fact-followers"), "1");
  await tab.until("document.querySelector('#bars').getAttribute('d').length > 5");
});

test("an empty pool says so until something comes", async t => {
  const weir = await serveDemo(t, 0);
  const tab = await open(t, weir.page("demo"));
  await tab.untilText("#stream-none", "No messages yet");
  await tab.untilVisible("#stream-none");
  await weir.append("demo", {});
  await untilNewest(tab, 1);
  assert.equal(await tab.visible("#stream-none"), false);
});

test("the filter takes words, and tags with #", async t => {
  const weir = await serveDemo(t, 0);
  await weir.append("demo", { text: "Red apple" }, ["fruit"]);
  await weir.append("demo", { text: "red car" }, ["thing"]);
  await weir.append("demo", { text: "fruit knife" }, ["thing", "sharp"]);
  const tab = await open(t, weir.page("demo"));
  await untilNewest(tab, 3);
  const filtered = async (text, expected) => {
    await tab.press("/");
    await tab.type("#filter", text);
    await untilRows(tab, expected);
  };
  await filtered("RED", ["1", "2"]);
  await filtered("red app", ["1"]);
  await filtered("fruit", ["1", "3"]);
  await filtered("#fruit", ["1"]);
  await filtered("#thing knife", ["3"]);
  await filtered("nothing like it", []);
  await tab.untilText("#stream-none", "Nothing here fits the filter.");
  await filtered("#thing", ["2", "3"]);
  await weir.append("demo", { text: "later" }, ["fruit"]);
  await weir.append("demo", { text: "later" }, ["thing"]);
  await untilNewest(tab, 5);
  await untilRows(tab, ["2", "3", "5"]);
  await tab.untilText("#count", "3 of 5");
  await filtered("", ["1", "2", "3", "4", "5"]);
});

test("with a tag the server sends only what has it, also from beyond the scrollback", async t => {
  const weir = await serveDemo(t, 0);
  await weir.append("demo", { rare: true }, ["a,b c"]);
  await weir.run(["feed", "demo"], lines(2, 60));
  const tab = await open(t, `${weir.page("demo")}?n=5`);
  await untilNewest(tab, 60);
  await untilRows(tab, ["56", "57", "58", "59", "60"]);
  await tab.type("#tags-input", "a,b c");
  await tab.press("Enter");
  await untilNewest(tab, 1);
  await untilRows(tab, ["1"]);
  await weir.append("demo", {}, ["other"]);
  await weir.append("demo", {}, ["other", "a,b c"]);
  await untilNewest(tab, 62);
  await untilRows(tab, ["1", "62"]); // a jump between messages with a tag is no gap
  await tab.open(await tab.eval("location.href"));
  await untilNewest(tab, 62);
  await untilRows(tab, ["1", "62"]); // the address holds the tag
  await tab.click("#tags button.tag");
  await untilRows(tab, ["58", "59", "60", "61", "62"]);
});

test("a pause holds the list still and loses nothing that the scrollback can hold", async t => {
  const weir = await serveDemo(t);
  const tab = await open(t, `${weir.page("demo")}?n=20`);
  await untilNewest(tab, 3);
  await tab.press("p");
  await untilState(tab, "paused");
  await weir.run(["feed", "demo"], lines(4, 10));
  await tab.untilText("#count", "7 waiting");
  await untilRows(tab, ["1", "2", "3"]);
  await tab.untilText("#fact-lag", "7");
  await tab.press(" ");
  await untilNewest(tab, 10);
  await untilRows(tab, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  await untilState(tab, "live");

  await tab.click("#pause");
  await untilState(tab, "paused");
  await weir.run(["feed", "demo"], lines(11, 35));
  await tab.untilText("#count", "20 waiting, 5 more not kept");
  await tab.click("#pause");
  await untilNewest(tab, 35);
  const seen = sequences(await rows(tab));
  assert.deepEqual(seen.slice(-19), Array.from({ length: 19 }, (_, i) => String(17 + i)));
});

test("the list follows at its end and stays where the user has scrolled to", async t => {
  const weir = await serveDemo(t, 100);
  const tab = await open(t, weir.page("demo"));
  await untilNewest(tab, 100);
  assert.equal(await tab.visible("#newest"), false);
  await tab.wheel("#stream", -700);
  await tab.untilVisible("#newest");
  // A turn of the wheel takes some frames: it has ended when a dozen of them leave the list where it is.
  await tab.until(async () => {
    const stream = document.querySelector("#stream"), top = stream.scrollTop;
    for (let i = 0; i < 12; i++) await new Promise(requestAnimationFrame);
    return stream.scrollTop === top;
  });
  const before = await tab.eval("document.querySelector('#stream').scrollTop");
  await weir.run(["feed", "demo"], lines(101, 110));
  await tab.untilText("#count", "110 rows");
  assert.equal(await tab.eval("document.querySelector('#stream').scrollTop"), before);
  await tab.click("#newest");
  await untilNewest(tab, 110);
  await tab.wheel("#stream", -700);
  await tab.untilVisible("#newest");
  await tab.press("End");
  await tab.until("!document.querySelector('#newest').checkVisibility()");
  await weir.append("demo", {});
  await untilNewest(tab, 111);
});

test("details show a message in full, and keys walk through them", async t => {
  const weir = await serveDemo(t, 0);
  await weir.append("demo", { list: [1, { deep: null }], empty: {}, text: "two\nlines" }, ["one", "two"]);
  await weir.append("demo", { second: true });
  const tab = await open(t, weir.page("demo"));
  await clickRow(tab, 1);
  assert.equal(await tab.text("#detail-data"), [
    "{", '  "empty": {},', '  "list": [', "    1,", "    {", '      "deep": null', "    }", "  ],", '  "text": "two\\nlines"', "}",
  ].join("\n"));
  assert.match(await tab.text("#detail-time"), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.deepEqual(await tab.eval(() => [...document.querySelectorAll("#detail-tags button")].map(tag => tag.textContent)), ["one", "two"]);
  await tab.eval(() => { document.addEventListener("copy", () => { window.copied = getSelection().toString() || document.activeElement.value; }); });
  await tab.eval(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: async text => { window.copied = text; } } }));
  await tab.click("#copy-data");
  await tab.until("window.copied");
  assert.deepEqual(JSON.parse(await tab.eval("window.copied")), { list: [1, { deep: null }], empty: {}, text: "two\nlines" });
  await tab.eval("document.querySelector('#stream').focus()");
  await tab.press("j");
  await tab.untilText("#detail-title", "Message 2");
  await tab.until(() => {
    const row = document.getElementById(document.querySelector("#stream").getAttribute("aria-activedescendant"));
    return row?.ariaSelected === "true" && row.querySelector(".seq").textContent === "2";
  });
  await tab.press("k");
  await tab.untilText("#detail-title", "Message 1");
  await tab.press("Escape");
  await tab.until("!document.querySelector('#detail').checkVisibility()");
  await tab.press("Enter");
  await tab.untilVisible("#detail");
  assert.equal(await tab.eval("document.activeElement.id"), "detail-close");
  await tab.click("#detail-tags button");
  await tab.until("document.querySelectorAll('#runway > .row').length === 1");
  assert.match(await tab.eval("location.search"), /tag=one/);
});

test("integers beyond 2^53 are shown and published digit by digit", async t => {
  const weir = await serveDemo(t, 0);
  await weir.append("demo", '{"a":9007199254740993,"b":-9223372036854775808,"c":9223372036854775807}');
  const tab = await open(t, weir.page("demo"));
  await untilNewest(tab, 1);
  assert.match((await rows(tab))[0].data, /9007199254740993.*-9223372036854775808.*9223372036854775807/);
  await tab.click("#publish summary");
  await tab.type("#publish-data", '{"again": 9007199254740993}');
  await tab.press("Enter", { ctrl: true });
  await untilNewest(tab, 2);
  await clickRow(tab, 2);
  assert.equal(await tab.text("#detail-data"), '{\n  "again": 9007199254740993\n}');
});

test("publishing says what is wrong, and sends data and tags", async t => {
  const weir = await serveDemo(t, 0);
  const tab = await open(t, weir.page("demo"));
  await untilState(tab, "live");
  await tab.click("#publish summary");
  const refused = async (text, answer) => {
    await tab.type("#publish-data", text);
    await tab.press("Enter", { ctrl: true });
    await tab.untilText("#publish-answer", answer);
    assert.equal(await tab.eval("document.querySelector('#publish-data').ariaInvalid"), "true");
  };
  await refused("", "Write a JSON object first");
  await refused("[1]", "must be a JSON object");
  await refused('{"a": 1,}', "line 1, column 9: remove the comma before }");
  await refused('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: here must be , or }");
  await refused("{'a': 1}", "column 2: a key in double quotes is missing");
  await refused('{"a": 01}', "JSON does not know numbers of this form");
  await refused('{"a": "x', "this text has no closing quote");
  await refused('{"a": {}', "the text ends before }");
  await refused('{"a": 1} x', "something follows after the end");
  await refused(`{"a": "${"x".repeat(1 << 20)}"}`, "the server takes at most 1 MiB");
  await tab.type("#publish-tags-input", "first");
  await tab.press("Enter");
  await tab.type("#publish-tags-input", "second, with a comma");
  await tab.type("#publish-data", ' {"a": [1, 2.50, "ü\\u0041"], "b": {}} ');
  await tab.click("#publish form button.main");
  await tab.untilText("#publish-answer", "Published as message 1");
  await untilNewest(tab, 1);
  await clickRow(tab, 1);
  assert.deepEqual(await tab.eval(() => [...document.querySelectorAll("#detail-tags button")].map(tag => tag.textContent)), ["first", "second, with a comma"]);
  assert.deepEqual(JSON.parse(await tab.text("#detail-data")), { a: [1, 2.5, "üA"], b: {} });
});

test("what looks like markup is shown as text", async t => {
  const weir = await serve(t);
  const hostile = "<img src=x onerror=window.hit=1><script>window.hit=1<\u2215script>\u202e&amp;";
  const name = "<b onclick=window.hit=1>pool<\u2215b>";
  await weir.create(name);
  await weir.append(name, { [hostile]: hostile, "__proto__": { polluted: true }, constructor: 1 }, [hostile, "'\"><svg onload=window.hit=1>"]);
  const tab = await open(t, weir.page());
  await tab.untilText("#pools-body", name);
  await tab.click("#pools-body a");
  await untilNewest(tab, 1);
  assert.equal(await tab.text("#pool-name"), name);
  assert.ok((await rows(tab))[0].data.includes(JSON.stringify(hostile).slice(1, -1)));
  await clickRow(tab, 1);
  assert.ok((await tab.text("#detail-data")).includes(hostile));
  await tab.click("#detail-tags button");
  await tab.untilText("#tags", hostile);
  await untilNewest(tab, 1);
  assert.equal(await tab.eval("window.hit"), undefined);
  assert.equal(await tab.eval("({}).polluted"), undefined);
  assert.deepEqual(await tab.eval(() => [document.querySelectorAll("img, b[onclick], svg[onload]").length, document.scripts.length]), [0, 1]);
});
