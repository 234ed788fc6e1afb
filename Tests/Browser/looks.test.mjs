import assert from "node:assert/strict";
import { test } from "node:test";
import { clickRow, open, serve, untilNewest, untilState, useBrowser } from "./page.mjs";

useBrowser();

const STATES = ["created", "paid", "shipped", "cancelled"];

/** A server with pools that look like those of somebody. */
async function serveShop(t) {
  const weir = await serve(t);
  for (const [name, size] of [["orders", 1 << 20], ["telemetry", 8 << 20], ["audit-log", 1 << 17], ["imports", 1 << 20]]) {
    await weir.create(name, size);
  }
  for (let i = 0; i < 48; i++) {
    const state = STATES[i % 4];
    const data = `{"id":${9007199254740993n + BigInt(i)},"customer":"c-${1000 + (i * 7) % 313}","total":${(i * 37) % 900}.5,`
      + `"currency":"EUR","state":"${state}","items":[{"sku":"A-${i}","n":${1 + (i % 3)}}]}`;
    await weir.append("orders", data, i % 5 === 0 ? ["eu", state] : i % 3 === 0 ? [state] : []);
  }
  await weir.run(["feed", "telemetry"], Array.from({ length: 500 }, (_, i) => `{"host":"node-${i % 7}","cpu":0.${10 + (i % 90)}}\n`).join(""));
  await weir.append("audit-log", { who: "a".repeat(300), "a long word": "b".repeat(2000) }, ["t".repeat(200), "x y z"]);
  return weir;
}

const overflow = tab => tab.eval(() => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll("body *")].filter(element => element.checkVisibility() && !element.closest(".unseen")
    && element.getBoundingClientRect().right > width + 0.5 && !clipped(element));
  function clipped(element) {
    for (let outer = element.parentElement; outer; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflowX !== "visible" && outer.getBoundingClientRect().right <= width + 0.5) return true;
    }
    return false;
  }
  return [document.documentElement.scrollWidth - width, ...wide.map(element => element.id || element.className || element.tagName)];
});

/** Texts whose contrast with what is behind them is below 4.5 : 1, as WCAG 2 reckons. */
const pale = tab => tab.eval(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, .unseen, svg")) continue;
    let behind = element;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(rgb(getComputedStyle(behind ?? document.body).backgroundColor))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.add(`${contrast.toFixed(2)} ${element.className || element.id || element.tagName}: ${walker.currentNode.data.slice(0, 30)}`);
  }
  return [...found];
});

for (const [theme, dark] of [["light", false], ["dark", true]]) {
  test(`on a desk, ${theme}: readable, and nothing sticks out`, async t => {
    const weir = await serveShop(t);
    const suffix = dark ? "-dark" : "";
    const tab = await open(t, weir.page(), { dark });
    await tab.untilText("#list-count", "4 pools");
    await tab.until("document.querySelector('#pools-body').rows[0].cells[2].textContent !== '–'");
    assert.deepEqual(await pale(tab), []);
    await tab.screenshot(`list${suffix}`);
    await tab.open(weir.page("orders"));
    await untilNewest(tab, 48);
    await untilState(tab, "live");
    await tab.until("document.querySelector('#bars').getAttribute('d')");
    assert.deepEqual(await pale(tab), []);
    assert.deepEqual(await overflow(tab), [0]);
    await tab.screenshot(`live${suffix}`);
    await clickRow(tab, 46);
    await tab.click("#publish summary");
    await tab.type("#publish-data", '{"a": 1,}');
    await tab.press("Enter", { ctrl: true });
    await tab.untilText("#publish-answer", "remove the comma");
    await tab.press("Escape");
    await tab.press("p");
    await untilState(tab, "paused");
    assert.deepEqual(await pale(tab), []);
    assert.deepEqual(await overflow(tab), [0]);
    await tab.screenshot(`detail${suffix}`);
    const background = await tab.eval("getComputedStyle(document.body).backgroundColor");
    assert.equal(background, dark ? "rgb(14, 18, 22)" : "rgb(247, 248, 249)");
  });
}

test("at no width does anything stick out", async t => {
  const weir = await serveShop(t);
  const tab = await open(t, weir.page());
  const widths = async () => {
    for (const width of [320, 480, 679, 681, 768, 859, 861, 1024, 1920]) {
      await tab.size(width, 700);
      await tab.until(width => document.documentElement.clientWidth === width, width);
      assert.deepEqual(await overflow(tab), [0], `at ${width} pixels`);
    }
  };
  await tab.untilText("#list-count", "4 pools");
  await widths();
  await tab.open(weir.page("audit-log"));
  await untilNewest(tab, 1);
  await widths();
  await clickRow(tab, 1);
  await tab.click("#publish summary");
  await widths();
});

test("at 360 pixels nothing scrolls sideways", async t => {
  const weir = await serveShop(t);
  const tab = await open(t, weir.page(), { width: 360, height: 740 });
  await tab.untilText("#list-count", "4 pools");
  assert.deepEqual(await overflow(tab), [0]);
  await tab.screenshot("phone-list");
  await tab.click("#create-open");
  await tab.untilVisible("#create");
  assert.deepEqual(await overflow(tab), [0]);
  await tab.open(weir.page("orders"));
  await untilNewest(tab, 48);
  assert.deepEqual(await overflow(tab), [0]);
  await tab.screenshot("phone-live");
  await tab.open(weir.page("audit-log"));
  await untilNewest(tab, 1);
  assert.deepEqual(await overflow(tab), [0]);
  await clickRow(tab, 1);
  assert.deepEqual(await overflow(tab), [0]);
  await tab.screenshot("phone-detail");
  await tab.click("#detail-close");
  await tab.click("#publish summary");
  await tab.untilVisible("#publish-data");
  assert.deepEqual(await overflow(tab), [0]);
  await tab.screenshot("phone-publish");
});

test("the colours can be chosen, and the choice is kept", async t => {
  const weir = await serve(t);
  const tab = await open(t, weir.page());
  await untilState(tab, "live");
  const scheme = () => tab.eval("getComputedStyle(document.documentElement).colorScheme");
  assert.equal(await scheme(), "light dark");
  await tab.click("#theme");
  assert.equal(await scheme(), "light");
  await tab.click("#theme");
  assert.equal(await scheme(), "dark");
  await tab.open(weir.page());
  await untilState(tab, "live");
  assert.equal(await scheme(), "dark");
  await tab.click("#theme");
  assert.equal(await scheme(), "light dark");
});

test("with reduced motion nothing moves by itself", async t => {
  const weir = await serve(t);
  const tab = await open(t, weir.page(), { reducedMotion: true });
  await untilState(tab, "live");
  await tab.eval("document.querySelector('#state').dataset.state = 'reconnecting'");
  assert.equal(await tab.eval("document.getAnimations().length"), 0);
});

test("every control has a name, and the focus can be seen and go everywhere", async t => {
  const weir = await serveShop(t);
  const tab = await open(t, weir.page("orders"));
  await untilNewest(tab, 48);
  await clickRow(tab, 48);
  await tab.click("#publish summary");
  const { nodes } = await tab.call("Accessibility.getFullAXTree");
  const nameless = nodes.filter(node => !node.ignored && ["button", "textbox", "searchbox", "link", "listbox", "option", "image", "heading"].includes(node.role?.value)
    && !node.name?.value);
  assert.deepEqual(nameless.map(node => [node.role.value, node.nodeId]), []);
  const visited = [];
  await tab.eval("document.activeElement.blur()");
  for (let i = 0; i < 40; i++) {
    await tab.press("Tab");
    const [id, outlined] = await tab.eval(() => {
      const element = document.activeElement, style = getComputedStyle(element.closest(".chips") ?? element);
      return [element.id || element.className || element.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
    });
    if (id === "BODY") continue;
    if (visited.includes(id) && id === visited[0]) break;
    visited.push(id);
    assert.ok(outlined, `the focus on ${id} cannot be seen`);
  }
  for (const id of ["home", "theme", "filter", "tags-input", "pause", "stream", "detail-close", "publish-data"]) {
    assert.ok(visited.includes(id), `Tab does not reach ${id}: ${visited.join(", ")}`);
  }
});
