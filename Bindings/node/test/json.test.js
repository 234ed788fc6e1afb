import assert from "node:assert/strict";
import { test } from "node:test";

import { readJson, writeJson } from "../lib/json.js";

test("integers that a number holds are numbers, larger ones bigints", () => {
  const text = '[9007199254740991,9007199254740992,-9007199254740993,18446744073709551615,0,-0,1.5,1e3,123456789012345678e0]';
  assert.deepEqual(readJson(text), [
    9007199254740991,
    9007199254740992n,
    -9007199254740993n,
    18446744073709551615n,
    0,
    -0,
    1.5,
    1000,
    123456789012345680,
  ]);
});

test("within data, integers are bigints only on request", () => {
  const text = '{"data":{"data":[9007199254740993],"n":9007199254740993},"meta":{"tags":[]},"seq":9007199254740993}';
  const loose = { data: { data: [9007199254740992], n: 9007199254740992 }, meta: { tags: [] }, seq: 9007199254740993n };
  const exact = { data: { data: [9007199254740993n], n: 9007199254740993n }, meta: { tags: [] }, seq: 9007199254740993n };
  assert.deepEqual(readJson(text), loose);
  assert.deepEqual(readJson(text, { exactData: true }), exact);
  assert.deepEqual(readJson(`{"message":${text}}`), { message: loose });
  assert.deepEqual(readJson(`{"message":${text}}`, { exactData: true }), { message: exact });
  assert.deepEqual(readJson('{"data":9007199254740993,"x":9007199254740993}'), {
    data: 9007199254740992,
    x: 9007199254740993n,
  });
});

test("everything else is as with JSON.parse, also in a text with large integers", () => {
  const texts = [
    '{"":{},"a":[],"b":[{}],"c":null,"d":true,"e":false,"f":"","g":[[],[[]]],"seq":1234567890123456}',
    '{ "a" : [ 1 , "x" ] ,\r\n\t"b":"\\"\\\\\\u0000\\ud83d\\ude00\\\\", "c":"1234567890123456\\\\\\"}" }',
    '"1234567890123456"',
    '["é","\u2028","😀",-1.25E-2,1234567890123456.5]',
    '{"a":1,"a":{"b":1234567890123456},"2":0,"1":0}',
  ];
  for (const text of texts) {
    assert.deepEqual(readJson(text), JSON.parse(text), text);
    assert.deepEqual(Object.keys(readJson(text)), Object.keys(JSON.parse(text)), text);
  }
});

test("a member called __proto__ is a member", () => {
  const value = readJson('{"__proto__":{"admin":true},"seq":18446744073709551615}');
  assert.deepEqual(Object.keys(value), ["__proto__", "seq"]);
  assert.equal(value.admin, undefined);
});

test("what is not JSON is refused, also beside large integers", () => {
  for (const text of ["", "{", "[1,]", "{a:1}", "1234567890123456 x", "01234567890123456", '"\n1234567890123456"']) {
    assert.throws(() => readJson(text), SyntaxError, text);
  }
});

test("no depth of nesting exhausts the stack", () => {
  const depth = 200_000;
  let value = readJson(`${"[".repeat(depth)}18446744073709551615${"]".repeat(depth)}`);
  for (let level = 0; level < depth; level += 1) {
    value = value[0];
  }
  assert.equal(value, 18446744073709551615n);
});

test("bigints are written as integers, everything else as with JSON.stringify", () => {
  assert.equal(writeJson({ a: 18446744073709551615n, b: [-1n], c: "1n" }), '{"a":18446744073709551615,"b":[-1],"c":"1n"}');
  const value = { a: undefined, b: NaN, c: new Date(0), d: { toJSON: () => "x" }, e: [undefined], f: '"bigint-1:5"' };
  assert.equal(writeJson(value), JSON.stringify(value));
  const itself = {};
  itself.itself = itself;
  assert.throws(() => writeJson(itself), TypeError);
  assert.throws(() => writeJson(undefined), TypeError);
});
