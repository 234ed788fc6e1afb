// The package as a whole: its types say what it has, and what its README shows works.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

import * as exported from "../lib/index.js";
import { startWeir, temporaryFolder } from "../test-support/server.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFile(path.join(root, name), "utf8");

/** The members that a declaration of a class names. */
function declaredMembers(types, name) {
  const body = new RegExp(`^export class ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(types)?.[1];
  assert.ok(body, `index.d.ts has no class ${name}`);
  return [...body.matchAll(/^ {2}(?!private |\/?\*)(?:readonly |get )?(\w+|\[Symbol\.\w+\])\??[<(:]/gm)].map(([, member]) => member);
}

test("index.d.ts declares what is exported, and nothing else", async () => {
  const types = await read("index.d.ts");
  const declared = [...types.matchAll(/^export (?:declare )?(?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(declared.sort(), Object.keys(exported).sort());
});

test("index.d.ts declares the methods of each class", async () => {
  const types = await read("index.d.ts");
  const classes = Object.entries(exported).filter(([, value]) => typeof value === "function" && value.prototype && /^class/.test(value));
  assert.ok(classes.length >= 8);
  for (const [name, { prototype }] of classes) {
    const methods = Reflect.ownKeys(prototype)
      .map((key) => (typeof key === "symbol" ? `[${key.description}]` : key))
      .filter((key) => key !== "constructor" && key !== "[oneStream]");
    const declared = declaredMembers(types, name);
    for (const method of methods) {
      assert.ok(declared.includes(method), `${name}.${method} is not declared`);
    }
    const fields = ["baseUrl", "client", "name", "pool", "cause"]; // set by constructors
    const shape = /^class \w+ extends Error/.test(exported[name]) ? null : new Set([...methods, ...fields, "constructor"]);
    for (const member of declared) {
      if (shape !== null && name !== "Message") {
        assert.ok(shape.has(member), `${name}.${member} is declared and not there`);
      }
    }
  }
});

test("the kinds of errors are those of the types", async () => {
  const kinds = /export type Kind =([^;]+);/.exec(await read("index.d.ts"))[1];
  assert.deepEqual([...kinds.matchAll(/"(\w+)"/g)].map(([, kind]) => kind), [...exported.ERROR_KINDS]);
});

test("the options that the code reads are declared", async () => {
  const types = await read("index.d.ts");
  for (const [file, pattern, name] of [
    ["lib/tail.js", /const \{ ([^}]+) \} = options;/, "TailOptions"],
    ["lib/client.js", /const \{ ([^}]+) \} = options;/, "WeirClientOptions"],
  ]) {
    const body = new RegExp(`export interface ${name} \\{(.*?)^\\}`, "ms").exec(types)[1];
    const options = pattern.exec(await read(file))[1].split(",").map((part) => part.trim().split(" ")[0]);
    assert.ok(options.length > 3);
    for (const option of options) {
      assert.match(body, new RegExp(`\\b${option}\\?:`), `${name}.${option}`);
    }
  }
});

test("the package needs nothing, and names files that are there", async () => {
  const description = JSON.parse(await read("package.json"));
  assert.equal(description.dependencies, undefined);
  assert.equal(description.type, "module");
  await Promise.all([description.main, description.types, ...description.files.filter((name) => !name.endsWith("/"))].map(read));
  for (const name of await readdir(path.join(root, "lib"))) {
    const text = await read(`lib/${name}`);
    for (const [, from] of text.matchAll(/^(?:import|export) .*? from "([^"]+)"/gms)) {
      assert.match(from, /^\.\/\w+\.js$/, `${name} imports ${from}`);
    }
    assert.doesNotMatch(text, /\b(Buffer|process|require)\b\s*[.(]/, `${name} uses something of Node's`);
  }
});

test("the sample of the README does what it says", async (t) => {
  const readme = await read("README.md");
  const sample = /```js\n(.*?)```/s.exec(readme)[1];
  const { url } = await startWeir(t);
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, "node_modules/@weir"), { recursive: true });
  await symlink(root, path.join(folder, "node_modules/@weir/client"), "dir");
  await writeFile(path.join(folder, "sample.mjs"), sample.replace("http://127.0.0.1:9700", url));
  const { stdout } = await promisify(execFile)(process.execPath, ["sample.mjs"], { cwd: folder, timeout: 30_000 });
  const promised = /It prints (.*)\./.exec(readme)[1].split(" and ").map((line) => line.slice(1, -1));
  assert.deepEqual(stdout.trimEnd().split("\n"), promised);
});
