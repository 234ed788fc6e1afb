// A headless Chromium and its tabs, driven over the DevTools protocol by a pipe: file descriptors 3 and 4, one JSON text
// after another, each ended by a zero byte. Node alone is needed, no package.

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./waiting.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

function findBrowser() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES;
  const found = names.find(name => !spawnSync(name, ["--version"], { stdio: "ignore" }).error);
  if (!found) throw new Error(`No Chromium found (${names.join(", ")}). On Debian: apt-get install chromium; or set CHROMIUM to its path.`);
  return found;
}

export class Browser {
  #process;
  #profile;
  #last = 0;
  #calls = new Map();
  #sessions = new Map();
  #ended;

  static async start() {
    const browser = new Browser();
    browser.#profile = await mkdtemp(join(tmpdir(), "weir-browser-"));
    const child = (browser.#process = spawn(
      findBrowser(),
      [
        "--headless=new", "--no-sandbox", "--remote-debugging-pipe", `--user-data-dir=${browser.#profile}`, "--no-first-run",
        "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-extensions", "--disable-default-apps", "--mute-audio", "--hide-scrollbars",
        "--force-color-profile=srgb", "--lang=en-US", "about:blank",
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: { ...process.env, LANG: "C.UTF-8" } },
    ));
    browser.#ended = new Promise(resolve => child.once("exit", resolve));
    child.once("exit", () => browser.#failAll(new Error("Chromium has ended")));
    child.once("error", error => browser.#failAll(error));
    for (const pipe of [child.stdio[3], child.stdio[4]]) pipe.on("error", error => browser.#failAll(error));
    let pieces = [];
    child.stdio[4].on("data", bytes => {
      for (let end; (end = bytes.indexOf(0)) >= 0; bytes = bytes.subarray(end + 1)) {
        pieces.push(bytes.subarray(0, end));
        browser.#take(JSON.parse(Buffer.concat(pieces).toString()));
        pieces = [];
      }
      pieces.push(bytes);
    });
    const answered = await Promise.race([browser.call("Browser.getVersion"), until.late(30000)]);
    if (!answered) throw new Error("Chromium did not answer within 30 s");
    return browser;
  }

  call(method, params = {}, sessionId) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { method, resolve, reject });
      this.#process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    });
  }

  /** Opens a tab that shares nothing with others: not its memory, not its cache. */
  async tab({ width = 1280, height = 800, dark = false, reducedMotion = false } = {}) {
    const { browserContextId } = await this.call("Target.createBrowserContext", { disposeOnDetach: true });
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(this, sessionId, targetId, browserContextId);
    this.#sessions.set(sessionId, tab);
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await tab.call(`${domain}.enable`);
    await tab.size(width, height);
    await tab.media({ dark, reducedMotion });
    return tab;
  }

  forget(sessionId) {
    this.#sessions.delete(sessionId);
  }

  async close() {
    this.call("Browser.close").catch(() => {});
    if (!(await Promise.race([this.#ended.then(() => true), until.late(5000)]))) this.#process.kill("SIGKILL");
    await this.#ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #take(message) {
    if (message.id === undefined) return this.#sessions.get(message.sessionId)?.heard(message.method, message.params);
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
    else call?.resolve(message.result);
  }

  #failAll(error) {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}

const KEYS = { Enter: [13, "\r"], Escape: [27], " ": [32, " "], Backspace: [8], Tab: [9], End: [35], ArrowDown: [40], ArrowUp: [38] };

export class Tab {
  /** What the console said, what was thrown, and what could not be loaded. */
  complaints = [];
  /** Every address that was asked for. */
  requests = [];
  #answer;
  #browser;
  #session;
  #target;
  #context;

  constructor(browser, session, target, context) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
    this.#context = context;
  }

  call(method, params) {
    return this.#browser.call(method, params, this.#session);
  }

  heard(method, params) {
    if (method === "Fetch.requestPaused") this.#paused(params).catch(fault => this.complaints.push(`answer: ${fault.message}`));
    else if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    else if (method === "Runtime.exceptionThrown") {
      this.complaints.push(`thrown: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    } else if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.complaints.push(`console: ${params.args.map(argument => argument.value ?? argument.description).join(" ")}`);
    } else if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) {
      this.complaints.push(`${params.entry.source}: ${params.entry.text} ${params.entry.url ?? ""}`);
    }
  }

  /**
   * Answers the page's requests for addresses of this pattern in the server's place. The function gets the address and
   * returns { status, type, body }, or nothing to leave the request without an answer, or "server" to let it through.
   */
  async answer(urlPattern, answer) {
    this.#answer = answer;
    await this.call("Fetch.enable", { patterns: [{ urlPattern }] });
  }

  async #paused({ requestId, request }) {
    const given = this.#answer(request.url);
    if (!given) return;
    if (given === "server") return void await this.call("Fetch.continueRequest", { requestId });
    const { status = 200, type = "application/json", body } = given;
    await this.call("Fetch.fulfillRequest", {
      requestId, responseCode: status, responseHeaders: [{ name: "content-type", value: type }], body: Buffer.from(body).toString("base64"),
    });
  }

  size(width, height) {
    return this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  media({ dark = false, reducedMotion = false }) {
    return this.call("Emulation.setEmulatedMedia", {
      features: [
        { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
        { name: "prefers-reduced-motion", value: reducedMotion ? "reduce" : "no-preference" },
      ],
    });
  }

  async open(address) {
    const { errorText } = await this.call("Page.navigate", { url: address });
    if (errorText) throw new Error(`${address}: ${errorText}`);
    await this.until("document.readyState === 'complete'");
  }

  /** The value of an expression in the page; a function is called there with the arguments, which are values. */
  async eval(code, ...args) {
    const expression = typeof code === "function" ? `(${code})(...${JSON.stringify(args)})` : code;
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the expression is true in the page, and returns its value. */
  async until(code, ...args) {
    return until(() => this.eval(code, ...args).catch(fault => {
      if (/context|navigat/i.test(fault.message)) return false; // the page is just being replaced
      throw fault;
    }), async () => `${code} ${JSON.stringify(args)}\n${await this.eval("document.body.innerText").catch(() => "")}`);
  }

  /** What an element shows. */
  text(selector) {
    return this.eval(selector => document.querySelector(selector).textContent, selector);
  }

  untilText(selector, text) {
    return this.until((selector, text) => document.querySelector(selector)?.textContent.includes(text), selector, text);
  }

  visible(selector) {
    return this.eval(selector => !!document.querySelector(selector)?.checkVisibility({ visibilityProperty: true }), selector);
  }

  untilVisible(selector) {
    return this.until(selector => !!document.querySelector(selector)?.checkVisibility(), selector);
  }

  /** Clicks in the middle of an element, as a user would: where something covers it, that gets the click. */
  async click(selector) {
    const place = await this.until(selector => {
      const element = document.querySelector(selector);
      if (!element?.checkVisibility()) return null;
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    }, selector);
    const mouse = { x: place[0], y: place[1], button: "left", clickCount: 1 };
    await this.call("Input.dispatchMouseEvent", { type: "mousePressed", ...mouse });
    await this.call("Input.dispatchMouseEvent", { type: "mouseReleased", ...mouse });
  }

  /** Presses a key wherever the focus is. */
  async press(key, { ctrl = false } = {}) {
    const [code, text] = KEYS[key] ?? [key.toUpperCase().charCodeAt(0), key];
    const event = { key, windowsVirtualKeyCode: code, modifiers: ctrl ? 2 : 0 };
    await this.call("Input.dispatchKeyEvent", { type: text && !ctrl ? "keyDown" : "rawKeyDown", text: ctrl ? undefined : text, ...event });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Puts the focus into a field, replaces what is there, and types. */
  async type(selector, text) {
    await this.until(selector => {
      const field = document.querySelector(selector);
      if (!field?.checkVisibility()) return false;
      field.focus();
      field.select();
      return document.activeElement === field;
    }, selector);
    if (text) await this.call("Input.insertText", { text });
    else await this.press("Backspace");
  }

  wheel(selector, deltaY) {
    return this.eval(selector => {
      const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    }, selector).then(([x, y]) => this.call("Input.dispatchMouseEvent", { type: "mouseWheel", x, y, deltaX: 0, deltaY }));
  }

  async screenshot(name) {
    const folder = process.env.WEIR_SCREENSHOTS ?? ".weir-build/screenshots";
    await mkdir(folder, { recursive: true });
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    await writeFile(join(folder, `${name}.png`), Buffer.from(data, "base64"));
  }

  async close() {
    await this.#browser.call("Target.closeTarget", { targetId: this.#target }).catch(() => {});
    await this.#browser.call("Target.disposeBrowserContext", { browserContextId: this.#context }).catch(() => {});
    this.#browser.forget(this.#session);
  }
}
