// Bad .safetensors files, after the format's README: no holes, no overlaps, no name twice, strings alone in the metadata.
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { ascii, concat, fileName } from "../formats/hostile.ts";
import { type BadFile, spliced, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

/** A file with a header of our choosing; the stated length can be made to lie. */
export function headed(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

/** A tensor of float32 in a header. */
export function f32(shape: string, begin: number, end: number): string {
  return `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;
}

const good = writeSafetensors([
  ["a", { shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ["b", { shape: [2, 1], data: Float64Array.of(0.1, -0) }],
]);
const ok = f32("[1]", 0, 4);
const deep = "[".repeat(2e5) + "]".repeat(2e5);

const notJson = "header: expected JSON";
const file = (what: string, says: string, header: string | Uint8Array, bytes = 0, length?: bigint): Bad => [
  what,
  says,
  headed(header, bytes, length),
];
const one = (what: string, says: string, fields: string, bytes = 4): Bad =>
  file(what, says, `{"a":{${fields}}}`, bytes);
const shape = (
  what: string,
  text: string,
  says = 'expected tensor "a" with a shape of sizes',
  bytes = 4,
  end = 4,
): Bad => one(`a shape ${what}`, says, `"dtype":"F32","shape":${text},"data_offsets":[0,${end}]`, bytes);
const offsets = (what: string, text: string, says = 'expected tensor "a" with data_offsets that are 4 apart'): Bad =>
  one(`offsets ${what}`, says, `"dtype":"F32","shape":[1],"data_offsets":${text}`);
const dtype = (what: string, text: string): Bad =>
  one(`dtype ${what}`, 'expected tensor "a" with dtype one of F32', `"dtype":${text},"shape":[1],"data_offsets":[0,4]`);
const fields = (what: string, text: string): Bad =>
  one(what, 'expected tensor "a" with dtype, shape and data_offsets', text);
const value = (what: string, says: string, text: string): Bad => file(what, says, `{"a":${text}}`);
const metadata = (what: string, says: string, text: string): Bad =>
  file(`metadata ${what}`, says, `{"__metadata__":${text}}`);
const short = "expected a header length and a header at byte";
const twice = "header: expected each name once in an object";
const digits = "expected whole numbers written in digits";
const follows = "to follow without hole or overlap at byte";

const bad: readonly Bad[] = [
  ...[0, 1, 7, 8, 9].map((n): Bad => [`cut to ${n}`, `${short} ${n}`, good.slice(0, n)]),
  ["cut inside the header", "expected a header within the file of 60 bytes", good.slice(0, 60)],
  ["cut before the tensors", "to end at", good.slice(0, -19)],
  ["cut inside a tensor", 'expected tensor "b" to end at', good.slice(0, -4)],
  ["one byte too few", 'expected tensor "a" to end at', good.slice(0, -1)],
  ["one byte too many", "expected the end of the file at byte", concat(good, [0])],
  ["a byte before the file", "expected a header", concat([1], good)],
  file("header length 0", "expected a header that starts with {", "{}", 0, 0n),
  file("header length one less", notJson, "{}", 0, 1n),
  file("header length one more than the file", "expected a header within the file of 10 bytes", "{}", 0, 3n),
  file(
    "header length 2^31",
    "expected a header of at most 1048576 bytes at byte 0, got 2147483648",
    "{}",
    0,
    2n ** 31n,
  ),
  file("header length 2^53 + 1", "got 9007199254740993", "{}", 0, 2n ** 53n + 1n),
  file("header length 2^63", "expected a header of at most", "{}", 0, 2n ** 63n),
  file("header length 2^64 - 1", "expected a header of at most", "{}", 0, 2n ** 64n - 1n),
  file("header above 1 MiB", "expected a header of at most", "{}".padEnd(2 ** 20 + 1)),
  [
    "header length with its bytes turned round",
    "expected a header of at most",
    spliced(good, 0, 8, good.slice(0, 8).reverse()),
  ],
  file(
    "10,001 tensors",
    "expected at most 10000 tensors",
    `{${Array.from({ length: 10_001 }, (_, i) => `"${i}":${f32("[0]", 0, 0)}`).join()}}`,
  ),
  file("header starts with a space", "expected a header that starts with {", " {}"),
  file("header starts with a line feed", "expected a header that starts with {", "\n{}"),
  file(
    "header starts with a byte order mark",
    "expected a header that starts with {",
    concat([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  ),
  file("a list", "expected a header that starts with {", "[]"),
  file("null", "expected a header that starts with {", "null"),
  file("no JSON", notJson, "{a:1}"),
  file("single quotes", notJson, "{'a':1}"),
  file("JSON with a comma too many", notJson, `{"a":${ok},}`, 4),
  file("JSON with a comment", notJson, "{/**/}"),
  file("text after the JSON", notJson, "{} x"),
  file("NUL after the JSON", notJson, "{}\0\0"),
  file("two JSON objects", notJson, "{}{}"),
  file("an open object", notJson, `{"a":${ok}`, 4),
  file("invalid UTF-8", notJson, concat([0x7b, 0x22, 0xff, 0x22, 0x3a], [0x31, 0x7d])),
  file("half of a pair in UTF-8", notJson, concat([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a], [0x31, 0x7d])),
  file("200,000 deep", notJson, `{"a":${deep}}`),
  file("a number beyond float64", "header: expected a number that float64 can hold", '{"a":1e999}'),
  file("a hole at the start", follows, `{"a":${f32("[1]", 4, 8)}}`, 8),
  file("a hole between tensors", follows, `{"a":${ok},"b":${f32("[1]", 8, 12)}}`, 12),
  file("a hole at the end", "expected the end of the file", `{"a":${ok}}`, 8),
  file("overlap", follows, `{"a":${f32("[2]", 0, 8)},"b":${f32("[1]", 4, 8)}}`, 8),
  file("two tensors on the same bytes", follows, `{"a":${ok},"b":${ok}}`, 4),
  file("beyond the file", 'expected tensor "a" to end at', `{"a":${f32("[2]", 0, 8)}}`, 4),
  file("empty tensor outside", follows, `{"a":${ok},"b":${f32("[0]", 8, 8)}}`, 4),
  file("data without tensors", "expected the end of the file", "{}", 4),
  shape("larger than its offsets", "[2]", "data_offsets that are 8 apart"),
  shape("smaller than its offsets", "[1]", "data_offsets that are 4 apart", 8, 8),
  shape("of no numbers for some bytes", "[0]", "data_offsets that are 0 apart"),
  shape("with an exponent", "[1e0]", digits),
  shape("with a negative size", "[-1]"),
  shape("with two negative sizes", "[-1,-1]"),
  shape("with a fraction", "[0.5]"),
  shape("that is a number", "1"),
  shape("that is a text", '"[1]"'),
  shape("that is an object", '{"0":1,"length":1}'),
  shape("in a shape", "[[1]]"),
  shape("of null", "[null]"),
  shape("of true", "[true]"),
  shape("of a text", '["1"]'),
  shape("that is null", "null"),
  shape("of 2^64 numbers, which wraps to 0", "[4294967296,4294967296]", undefined, 0, 0),
  shape("whose product wraps to 4", "[4194305,4194305,211106198978564]"),
  shape("of an absurd size hidden by 0", "[0,9007199254740991]", undefined, 0, 0),
  shape("above 2^53", "[9007199254740993]"),
  shape("of 33 dimensions", `[${"1,".repeat(32)}1]`),
  shape("of 100,000 dimensions", `[${"1,".repeat(99_999)}1]`),
  shape("200,000 deep", deep, notJson),
  offsets("the wrong way round", "[4,0]"),
  offsets("that are negative", "[-4,0]"),
  offsets("from minus zero", "[-0,4]", digits),
  offsets("with fractions", "[0.5,4.5]"),
  offsets("that are floats", "[0.0,4]", digits),
  offsets("above 2^53", "[9007199254740992,9007199254740996]"),
  offsets("that are texts", '["0","4"]'),
  offsets("of one number", "[4]"),
  offsets("of three numbers", "[0,4,4]"),
  offsets("of none", "[]"),
  offsets("that are an object", '{"0":0,"1":4,"length":2}'),
  offsets("that are null", "null"),
  offsets("with leading zeros", "[00,04]", notJson),
  offsets("with a plus", "[+0,4]", notJson),
  offsets("in hexadecimal", "[0x0,4]", notJson),
  offsets("of NaN", "[NaN,4]", notJson),
  dtype("that does not exist", '"F99"'),
  dtype("toString", '"toString"'),
  dtype("__proto__", '"__proto__"'),
  dtype("in lower case", '"f32"'),
  dtype("of another width", '"F64 "'),
  dtype("that is a list", '["F32"]'),
  dtype("that is null", "null"),
  dtype("that is a number", "32"),
  dtype("that is empty", '""'),
  dtype("BOOL", '"BOOL"'),
  fields("no dtype", '"shape":[1],"data_offsets":[0,4]'),
  fields("no shape", '"dtype":"F32","data_offsets":[0,4]'),
  fields("no offsets", '"dtype":"F32","shape":[1]'),
  fields("a fourth field", '"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1'),
  one(
    "a field in place of another",
    'expected tensor "a" with data_offsets',
    '"dtype":"F32","shape":[1],"__proto__":[0,4]',
  ),
  value("a tensor that is a list", 'expected an object for "a" at byte 8, got a list', "[]"),
  value("a tensor that is null", 'expected an object for "a"', "null"),
  value("a tensor that is a text", 'expected an object for "a" at byte 8, got string', '"F32"'),
  file(
    "a name that controls a terminal",
    'for "\\u001b[2J\\u202e\\u2028\\u009b\\u200b"',
    '{"\\u001b[2J\u202e\u2028\u009b\u200b":1}',
  ),
  file("a name of 100,000 letters", "aaa…", `{"${"a".repeat(1e5)}":1}`),
  file("a name twice", twice, `{"a":${ok},"a":${ok}}`, 4),
  file("a name twice, once escaped", twice, `{"a":${ok},"\\u0061":${ok}}`, 4),
  file("__proto__ twice", twice, `{"__proto__":${ok},"__proto__":${ok}}`, 4),
  one("a field twice", twice, '"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]'),
  file("metadata twice", twice, '{"__metadata__":{},"__metadata__":{}}'),
  metadata("with a key twice", twice, '{"a":"1","a":"2"}'),
  metadata("with a number", 'expected a string for "a" in __metadata__', '{"a":1}'),
  metadata("with null", 'expected a string for "a" in __metadata__', '{"a":null}'),
  metadata("with an object", 'expected a string for "a" in __metadata__', '{"a":{"b":"c"}}'),
  metadata("that are a list", 'expected an object for "__metadata__"', '["a"]'),
  metadata("that are a text", 'expected an object for "__metadata__"', '"a"'),
  metadata("that are null", 'expected an object for "__metadata__"', "null"),
  ["a text", "expected a header of at most", ascii("not a file of tensors at all")],
];

export const safetensors = table<Uint8Array>({
  format: "safetensors",
  read: async (bytes) => parseSafetensors(bytes, { name: fileName }),
  good: [good, headed(`{"a":${ok}}`, 4), headed("{}")],
  bad,
});
