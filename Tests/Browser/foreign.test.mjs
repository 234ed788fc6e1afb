// What no server of ours says today, or says too rarely to wait for: the answers are made up here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clickRow, open, rows, serve, UNREACHABLE, untilNewest, untilRows, untilState, useBrowser } from "./page.mjs";

useBrowser();

const message = (seq, data = "{}", tags = []) =>
  `id: ${seq}\nevent: message\ndata: {"data":${data},"meta":{"tags":${JSON.stringify(tags)}},"seq":${seq},"time":"2026-01-02T03:04:05.123456789Z"}\n\n`;

/** Opens the view of a pool whose first streams are these texts; later ones never answer. */
async function openStreams(t, streams, options = {}) {
  const weir = await serve(t);
  await weir.create("demo");
  const asked = [];
  const tab = await open(t, weir.page("demo"), {
    ...options,
    answer: ["*/events?*", url => {
      asked.push(new URL(url).searchParams);
      const body = streams.shift();
      return body === undefined ? undefined : { type: "text/event-stream", body };
    }],
  });
  return { tab, asked };
}

test("sequence numbers beyond 2^53 are told apart, resumed from and counted", async t => {
  const { tab, asked } = await openStreams(t, [
    message("9007199254740992") + message("9007199254740993"),
    message("9007199254740993") + message("9007199254740994") + message("18446744073709551614") + message("18446744073709551615"),
  ]);
  await untilNewest(tab, "18446744073709551615");
  await untilRows(tab, [
    "9007199254740992", "9007199254740993", "9007199254740994", "18,437,736,874,454,810,619 messages were gone before they could be read",
    "18446744073709551614", "18446744073709551615",
  ]);
  assert.equal(asked[1].get("since_seq"), "9007199254740994");
  await clickRow(tab, "18446744073709551615");
  assert.equal(await tab.text("#detail-time"), "2026-01-02T03:04:05.123456789Z");
});

test("comments, line ends of other systems, fields in pieces and an unreadable message do not stop the stream", async t => {
  const { tab, asked } = await openStreams(t, [
    `:\n\n: still here\r\n\r\n${message(1).replaceAll("\n", "\r\n")}retry: 10\n\nid:2\nevent:message\ndata:{"data":\ndata:{"two":2},"meta":{"tags":[]},"seq":2,"time":"2026-01-02T03:04:05Z"}\n\n`
      + `id: 3\nevent: message\ndata: {"data":{"broken\n\n${message(4)}`,
  ]);
  await untilNewest(tab, 4);
  const seen = await rows(tab);
  assert.deepEqual(seen.map(row => row.data), ["{}", '{"two":2}', undefined, "{}"]);
  assert.match(seen[2].notice, /^Message 3 cannot be read: /);
  assert.equal(asked[0].get("since_seq"), "1");
});

test("an error in the stream is shown with its hint, and the stream is taken up again", async t => {
  const { tab, asked } = await openStreams(t, [
    `${message(1)}event: error\ndata: {"error":{"hint":"weir doctor demo","kind":"Corrupt","message":"malformed frame"}}\n\n`,
  ]);
  await tab.untilText("#problem", "malformed frame");
  await tab.untilText("#problem", "weir doctor demo");
  await untilState(tab, "reconnecting");
  await untilNewest(tab, 1);
  await tab.until("performance.getEntriesByType('resource').length > 0");
  assert.equal(asked[0].get("since_seq"), "1");
});

test("a refusal that is no envelope is shown by its status", async t => {
  const weir = await serve(t);
  const tab = await open(t, weir.page(), {
    expected: UNREACHABLE, answer: ["*/v0/ui/pools", () => ({ status: 502, type: "text/html", body: "<h1>Bad gateway</h1>" })],
  });
  await tab.untilText("#problem-text", "the server answered with status 502");
  await untilState(tab, "reconnecting");
});

test("a large or deep message is laid out in part, and copied in full", async t => {
  const deep = `${'{"a":['.repeat(5000)}${"]}".repeat(5000)}`;
  const large = `{"long":"${"x".repeat(300000)}","end":true}`;
  const { tab } = await openStreams(t, [message(1, deep) + message(2, large, Array.from({ length: 30 }, (_, i) => `tag ${i}`))]);
  await untilNewest(tab, 2);
  assert.ok((await rows(tab)).every(row => row.data.length < 2000));
  await tab.eval(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: async text => { window.copied = text; } } }));
  for (const [seq, data] of [[1, deep], [2, large]]) {
    await clickRow(tab, seq);
    assert.ok((await tab.text("#detail-data")).length < 3000000);
    await tab.click("#copy-data");
    await tab.until(length => window.copied?.length === length, data.length);
    assert.equal(await tab.eval("window.copied"), data);
  }
  await tab.untilText("#detail-size", "the beginning is shown");
});
