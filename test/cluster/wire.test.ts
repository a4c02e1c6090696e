// Messages between machines keep every bit, and hostile ones are refused with a sentence.
import { expect, test } from "vitest";
import { checkPieces, checkStored } from "../../src/cluster/blobs.ts";
import { checkJob, checkNote, checkSpecification } from "../../src/cluster/job.ts";
import { bytesOf, packed, unpacked, unwired, wired } from "../../src/cluster/wire.ts";
import { FormatError } from "../../src/errors.ts";
import { randomIntegers } from "../formats/hostile.ts";

const values = {
  numbers: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53],
  words: ["", "ä", "\u0000"],
  nothing: [null, undefined],
  flags: [true, false],
  map: new Map<string, unknown>([
    ["pixels", Float32Array.of(1, Number.NaN, -0)],
    ["rates", Float64Array.of(Math.PI)],
  ]),
  bytes: Uint8Array.of(1, 2, 3),
  whole: Int32Array.of(-1),
  empty: new Float32Array(0),
};

test("a message keeps numbers that JSON does not have, maps, and the bits of arrays", () => {
  const { text, arrays } = wired(values);
  expect(unwired(text, (i) => bytesOf(arrays[i]!).slice())).toStrictEqual(values);
  expect(unpacked(packed(values))).toStrictEqual(values);
});

test("a packed message may begin at any byte", () => {
  const bytes = packed(values);
  const moved = new Uint8Array(bytes.length + 3);
  moved.set(bytes, 3);
  expect(unpacked(moved.subarray(3))).toStrictEqual(values);
});

test.each([
  ["a function", () => 1],
  ["a class", new Date(0)],
  ["a bigint", 1n],
  ["an object with the name of a tag", { $: 1 }],
])("%s is no message", (_, value) => {
  expect(() => wired(value)).toThrow(TypeError);
});

test("a packed message that is cut, or has other bytes, is refused or read, and nothing else happens", () => {
  const bytes = packed(values);
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => unpacked(bytes.subarray(0, length)), `${length} bytes`).toThrow(FormatError);
  }
  const integers = randomIntegers(1);
  for (let change = 0; change < 2000; change++) {
    const changed = bytes.slice();
    changed[integers(changed.length)] = integers(256);
    try {
      unpacked(changed);
    } catch (error) {
      expect(error, `change ${change}, seed 1`).toBeInstanceOf(FormatError);
    }
  }
});

const sha256 = "0".repeat(64);
const message = { text: "[]", arrays: [{ bytes: 3, pieces: [sha256] }] };
const job = {
  run: "0a-1",
  call: 0,
  attempt: 0,
  specification: { bytes: 3, pieces: [sha256] },
  asked: { name: "share", message },
};

test("a job is read back as it is", () => {
  expect(checkJob(job)).toStrictEqual(job);
  expect(checkJob(JSON.parse(JSON.stringify({ ...job, more: 1 })))).toStrictEqual(job);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["a list", []],
  ["a run with a path", { ...job, run: "../x" }],
  ["a run with a key of another", { ...job, run: "a:b" }],
  ["a fraction of a call", { ...job, call: 0.5 }],
  ["an attempt below 0", { ...job, attempt: -1 }],
  ["another call", { ...job, asked: { name: "constructor", message } }],
  ["a call that opens", { ...job, asked: { name: "openRun", message } }],
  ["a message without arrays", { ...job, asked: { name: "share", message: { text: "[]" } } }],
  ["a specification in more pieces than it has", { ...job, specification: { bytes: 3, pieces: [sha256, sha256] } }],
  ["a specification that is not there", { ...job, specification: null }],
])("a job with %s is refused", (_, value) => {
  expect(() => checkJob(value)).toThrow(FormatError);
});

test("pieces have a length that can be taken, and names that are digests", () => {
  expect(() => checkPieces({ bytes: 2 ** 60, pieces: [] })).toThrow(FormatError);
  expect(() => checkPieces({ bytes: 1, pieces: ["x"] })).toThrow(FormatError);
  expect(() => checkPieces({ bytes: Number.NaN, pieces: [] })).toThrow(FormatError);
  const arrays = Array.from({ length: 5 }, () => ({ bytes: 2 ** 31, pieces: Array(2 ** 7).fill(sha256) }));
  expect(() => checkStored({ text: "[]", arrays })).toThrow("at most");
});

test("a specification and a note are what their names say, or are refused", () => {
  expect(() => checkSpecification({ backend: "wasm", opening: { name: "share", message } })).toThrow(FormatError);
  expect(() => checkSpecification({ opening: { name: "openRun", message } })).toThrow(FormatError);
  expect(() => checkNote({ call: "0", attempt: 0, worker: "w", what: "done" })).toThrow(FormatError);
});
