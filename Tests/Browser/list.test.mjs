import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, serve, untilState, useBrowser } from "./page.mjs";

useBrowser();

const names = tab => tab.eval(() => [...document.querySelectorAll("#pools-body tr")].map(row => row.cells[0].textContent));
const cell = (tab, pool, column) => tab.eval((pool, column) => {
  const index = [...document.querySelectorAll("#pools-head th")].findIndex(head => head.textContent === column);
  return [...document.querySelectorAll("#pools-body tr")].find(row => row.cells[0].textContent === pool)?.cells[index].textContent;
}, pool, column);

test("the list says what each pool holds, and keeps saying it", async t => {
  const weir = await serve(t);
  await weir.create("orders");
  await weir.create("audit", 131072);
  for (let i = 0; i < 3; i++) await weir.append("orders", { i });
  const tab = await open(t, weir.page());
  await tab.untilText("#list-count", "2 pools");
  await untilState(tab, "live");
  assert.deepEqual(await names(tab), ["audit", "orders"]);
  assert.equal(await cell(tab, "orders", "Messages"), "3");
  assert.equal(await cell(tab, "orders", "Size"), "1 MiB");
  assert.equal(await cell(tab, "audit", "Size"), "128 KiB");
  assert.match(await cell(tab, "orders", "Used"), /^\d+\.\d+ %$/);
  assert.match(await cell(tab, "orders", "Newest"), /^now$|s ago$/);
  assert.equal(await cell(tab, "audit", "Newest"), "–");
  assert.equal(await cell(tab, "orders", "Followers"), "0");
  await weir.append("orders", { i: 3 });
  await tab.until(() => [...document.querySelectorAll("#pools-body tr")].some(row =>
    row.cells[0].textContent === "orders" && row.cells[1].textContent === "4" && /[1-9]/.test(row.cells[2].textContent)));
});

test("a pool that cannot be opened is a row with its reason", async t => {
  const weir = await serve(t);
  await weir.create("good");
  await writeFile(join(weir.pools, "bad.plasmite"), "this is no pool".repeat(1000));
  await weir.stop();
  await weir.serve();
  const tab = await open(t, weir.page());
  await tab.untilText("#list-count", "1 pool, 1 cannot be opened");
  assert.deepEqual(await names(tab), ["good", "bad"]);
  assert.match(await tab.text("#pools-body .wrong"), /^\w+: ./);
});

test("the filter and the headings decide what is listed in which order", async t => {
  const weir = await serve(t);
  for (const [name, count] of [["alpha", 1], ["beta", 3], ["alphabet", 2]]) {
    await weir.create(name);
    for (let i = 0; i < count; i++) await weir.append(name, { i });
  }
  const tab = await open(t, weir.page());
  await tab.untilText("#list-count", "3 pools");
  assert.deepEqual(await names(tab), ["alpha", "alphabet", "beta"]);
  await tab.click("#pools-head th:nth-child(2) button");
  assert.deepEqual(await names(tab), ["beta", "alphabet", "alpha"]);
  await tab.click("#pools-head th:nth-child(2) button");
  assert.deepEqual(await names(tab), ["alpha", "alphabet", "beta"]);
  await tab.press("/");
  assert.equal(await tab.eval("document.activeElement.id"), "pool-filter");
  await tab.type("#pool-filter", "BET");
  await tab.until("document.querySelectorAll('#pools-body tr').length === 2");
  assert.deepEqual((await names(tab)).sort(), ["alphabet", "beta"]);
  await tab.type("#pool-filter", "zeta");
  await tab.untilText("#pools-none-text", "No pool's name contains this.");
});

test("a pool is made in the form, and a refusal is shown", async t => {
  const weir = await serve(t);
  const tab = await open(t, weir.page(), { expected: /409/ });
  await tab.untilText("#pools-none-text", "There are no pools yet.");
  await tab.click("#create-open");
  await tab.type("#create-name", "made here");
  await tab.type("#create-size", "much");
  await tab.press("Enter");
  await tab.untilText("#create-answer", "A size is a whole number of bytes");
  await tab.type("#create-size", "256k");
  await tab.press("Enter");
  await tab.untilText("#create-answer", "made here was made");
  await tab.untilText("#list-count", "1 pool");
  assert.equal(await cell(tab, "made here", "Size"), "256 KiB");
  await tab.type("#create-name", "made here");
  await tab.press("Enter");
  await tab.untilText("#create-answer", "exists");
});

test("keys and history lead from the list to a pool and back", async t => {
  const weir = await serve(t);
  for (const name of ["a", "b & c", "d%2Fe?f#g"]) {
    await weir.create(name);
    await weir.append(name, { pool: name });
  }
  const tab = await open(t, weir.page());
  await tab.untilText("#list-count", "3 pools");
  for (const key of ["j", "j", "j", "k"]) await tab.press(key);
  assert.equal(await tab.eval("document.activeElement.textContent"), "b & c");
  await tab.press("j");
  await tab.press("Enter");
  await tab.untilText("#runway", '{"pool":"d%2Fe?f#g"}');
  assert.equal(await tab.eval("document.title"), "d%2Fe?f#g · Weir");
  await tab.eval("history.back()");
  await tab.untilVisible("#list");
  await tab.eval("history.forward()");
  await tab.untilText("#runway", '{"pool":"d%2Fe?f#g"}');
  await tab.press("g");
  await tab.untilVisible("#list");
  assert.equal(await tab.eval("location.pathname"), "/ui");
  await tab.press("?");
  await tab.untilVisible("#help");
  await tab.press("Escape");
  await tab.until("!document.querySelector('#help').open");
});
