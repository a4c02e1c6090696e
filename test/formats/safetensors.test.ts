import { describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/codecs/npy.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { concat, expectOnlyFormatErrors, expectRefused, fileName, truncations } from "./hostile.ts";

const name = fileName;

/** A file with a header of our choosing; the stated length can be made to lie. */
function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}
const one = (fields: string, dataBytes = 4) => file(`{"a":{${fields}}}`, dataBytes);
const f32 = (shape: string, begin: number, end: number) =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;

const tensors: [string, NumericArray][] = [
  ["a", { shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ["b", { shape: [2, 1], data: Float64Array.of(0.1, -0) }],
  ["__proto__", { shape: [], data: Float32Array.of(7) }],
  ["constructor", { shape: [0, 2], data: new Float32Array(0) }],
  ["10", { shape: [1], data: BigInt64Array.of(-1n) }],
  ['ü\n"', { shape: [1], data: Int32Array.of(-2) }],
];
const metadata = [
  ["format", "pt"],
  ["__proto__", "x"],
  ["2", 'a:b,{}"\\'],
  ["1", ""],
] as const;

describe("safetensors", () => {
  test("reading gives the tensors and metadata that were written, whatever their names", () => {
    const back = parseSafetensors(writeSafetensors(tensors, metadata), { name });
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...tensors].sort()));
    expect(new Map([...back.metadata].sort())).toEqual(new Map([...metadata].sort()));
    expect(parseSafetensors(writeSafetensors([]), { name })).toEqual({ tensors: new Map(), metadata: new Map() });
  });

  test("header and tensors are aligned, and the same input gives the same bytes", () => {
    const bytes = writeSafetensors(tensors, metadata);
    expect(writeSafetensors(tensors, metadata)).toEqual(bytes);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header.b.data_offsets[0] % 8).toBe(0);
    expect(header["10"].data_offsets[0] % 8).toBe(0);
    expect(Object.keys(header)[0]).toBe("10"); // JavaScript's order of keys, not the file's
    expect(new TextDecoder().decode(bytes.subarray(8, 26))).toBe('{"__metadata__":{"');
  });

  test("reads files of other writers: a header that is not padded, spaces, tensors in any order", () => {
    const bytes = concat(
      file(`{ "y" : ${f32("[1]", 4, 8)}, "x":${f32("[1]", 0, 4)} }   `),
      [0, 0, 128, 63, 0, 0, 0, 64],
    );
    expect([...parseSafetensors(bytes, { name }).tensors]).toEqual([
      ["x", { shape: [1], data: Float32Array.of(1) }],
      ["y", { shape: [1], data: Float32Array.of(2) }],
    ]);
  });

  test("what no reader would take is not written", () => {
    const tensor = { shape: [1], data: Uint8Array.of(1) };
    expect(() => writeSafetensors([["__metadata__", tensor]])).toThrow(RangeError);
    expect(() =>
      writeSafetensors([
        ["a", tensor],
        ["a", tensor],
      ]),
    ).toThrow('"tensors" expected distinct names');
    expect(() => writeSafetensors([["a", { shape: [2], data: tensor.data }]])).toThrow(
      '"shape" expected a product of 1',
    );
    const empty = { shape: [0], data: new Uint8Array(0) };
    expect(() => writeSafetensors(Array.from({ length: 10_001 }, (_, i) => [`${i}`, empty] as const))).toThrow(
      '"tensors" expected at most 10000, got 10001',
    );
    expect(() => writeSafetensors([], [["a", "x".repeat(2 ** 20)]])).toThrow('"metadata" expected a header of at most');
  });

  test("bad files are refused with file name and offset", async () => {
    const good = writeSafetensors(tensors, metadata);
    const ok = f32("[1]", 0, 4);
    const deep = "[".repeat(2e5) + "]".repeat(2e5);
    const many = Array.from({ length: 10_001 }, (_, i) => `"${i}":${f32("[0]", 0, 0)}`).join();
    const corpus: [string, Uint8Array][] = [
      ...truncations(good, 30),
      ["one byte too many", concat(good, [0])],
      ["header length 0", file("{}", 0, 0n)],
      ["header longer than the file", file("{}", 0, 3n)],
      ["header length 2^63", file("{}", 0, 2n ** 63n)],
      ["header length 2^64 - 1", file("{}", 0, 2n ** 64n - 1n)],
      ["header above 1 MiB", file("{}".padEnd(2 ** 20 + 1))],
      ["10,001 tensors", file(`{${many}}`)],
      ["header starts with a space", file(" {}")],
      ["header starts with a byte order mark", file(concat([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))],
      ["a list", file("[]")],
      ["null", file("null")],
      ["no JSON", file("{a:1}")],
      ["JSON with a comma too many", file("{},")],
      ["text after the JSON", file("{} x")],
      ["invalid UTF-8", file(concat([0x7b, 0x22, 0xff, 0x22, 0x3a], [0x31, 0x7d]))],
      ["200,000 deep", file(`{"a":${deep}}`)],
      ["a hole at the start", file(`{"a":${f32("[1]", 4, 8)}}`, 8)],
      ["a hole between tensors", file(`{"a":${ok},"b":${f32("[1]", 8, 12)}}`, 12)],
      ["a hole at the end", file(`{"a":${ok}}`, 8)],
      ["overlap", file(`{"a":${f32("[2]", 0, 8)},"b":${f32("[1]", 4, 8)}}`, 8)],
      ["two tensors on the same bytes", file(`{"a":${ok},"b":${ok}}`, 4)],
      ["beyond the file", file(`{"a":${f32("[2]", 0, 8)}}`, 4)],
      ["empty tensor outside", file(`{"a":${ok},"b":${f32("[0]", 8, 8)}}`, 4)],
      ["data without tensors", file("{}", 4)],
      ["shape larger than offsets", one('"dtype":"F32","shape":[2],"data_offsets":[0,4]')],
      ["offsets larger than shape", one('"dtype":"F32","shape":[1],"data_offsets":[0,8]', 8)],
      ["offsets the wrong way round", one('"dtype":"F32","shape":[1],"data_offsets":[4,0]')],
      ["a negative offset", one('"dtype":"F32","shape":[1],"data_offsets":[-4,0]')],
      ["minus zero", one('"dtype":"F32","shape":[1],"data_offsets":[-0,4]')],
      ["a fraction in offsets", one('"dtype":"F32","shape":[1],"data_offsets":[0.5,4.5]')],
      ["a float for an offset", one('"dtype":"F32","shape":[1],"data_offsets":[0.0,4]')],
      ["an exponent in a shape", one('"dtype":"F32","shape":[1e0],"data_offsets":[0,4]')],
      ["offsets above 2^53", one('"dtype":"F32","shape":[1],"data_offsets":[9007199254740992,9007199254740996]')],
      ["offsets as strings", one('"dtype":"F32","shape":[1],"data_offsets":["0","4"]')],
      ["one offset", one('"dtype":"F32","shape":[1],"data_offsets":[4]')],
      ["three offsets", one('"dtype":"F32","shape":[1],"data_offsets":[0,4,4]')],
      ["offsets as an object", one('"dtype":"F32","shape":[1],"data_offsets":{"0":0,"1":4,"length":2}')],
      ["a negative size", one('"dtype":"F32","shape":[-1],"data_offsets":[0,4]')],
      ["two negative sizes", one('"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]')],
      ["a shape that is a number", one('"dtype":"F32","shape":1,"data_offsets":[0,4]')],
      ["a nested shape", one('"dtype":"F32","shape":[[1]],"data_offsets":[0,4]')],
      ["null in a shape", one('"dtype":"F32","shape":[null],"data_offsets":[0,4]')],
      [
        "a product of 2^64 that wraps to 0",
        one('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]', 0),
      ],
      ["a product that wraps to 4", one('"dtype":"U8","shape":[4194305,4194305,211106198978564],"data_offsets":[0,4]')],
      ["an absurd size hidden by 0", one('"dtype":"F32","shape":[0,9007199254740991],"data_offsets":[0,0]', 0)],
      ["100,000 dimensions", one(`"dtype":"F32","shape":[${"1,".repeat(99_999)}1],"data_offsets":[0,4]`)],
      ["a shape 200,000 deep", one(`"dtype":"F32","shape":${deep},"data_offsets":[0,4]`)],
      ["offsets 200,000 deep", one(`"dtype":"F32","shape":[1],"data_offsets":${deep}`)],
      ["a dtype 200,000 deep", one(`"dtype":${deep},"shape":[1],"data_offsets":[0,4]`)],
      ["metadata 200,000 deep", file(`{"__metadata__":{"a":${deep}}}`)],
      ["a name of 100,000 letters", file(`{"${"a".repeat(1e5)}":1}`)],
      ["unknown dtype", one('"dtype":"F99","shape":[1],"data_offsets":[0,4]')],
      ["dtype toString", one('"dtype":"toString","shape":[1],"data_offsets":[0,4]')],
      ["dtype in lower case", one('"dtype":"f32","shape":[1],"data_offsets":[0,4]')],
      ["dtype as a list", one('"dtype":["F32"],"shape":[1],"data_offsets":[0,4]')],
      ["no dtype", one('"shape":[1],"data_offsets":[0,4]')],
      ["no shape", one('"dtype":"F32","data_offsets":[0,4]')],
      ["no offsets", one('"dtype":"F32","shape":[1]')],
      ["a fourth field", one('"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1')],
      ["a field in place of another", one('"dtype":"F32","shape":[1],"__proto__":[0,4]')],
      ["a tensor that is a list", file('{"a":[]}')],
      ["a tensor that is null", file('{"a":null}')],
      ["a name twice", file(`{"a":${ok},"a":${ok}}`, 4)],
      ["a name twice, once escaped", file(`{"a":${ok},"\\u0061":${ok}}`, 4)],
      ["__proto__ twice", file(`{"__proto__":${ok},"__proto__":${ok}}`, 4)],
      ["a field twice", one('"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]')],
      ["metadata twice", file('{"__metadata__":{},"__metadata__":{}}')],
      ["a metadata key twice", file('{"__metadata__":{"a":"1","a":"2"}}')],
      ["a number in the metadata", file('{"__metadata__":{"a":1}}')],
      ["null in the metadata", file('{"__metadata__":{"a":null}}')],
      ["an object in the metadata", file('{"__metadata__":{"a":{"b":"c"}}}')],
      ["metadata that are a list", file('{"__metadata__":["a"]}')],
      ["metadata that are a string", file('{"__metadata__":"a"}')],
    ];
    await expectRefused(corpus, (bytes) => parseSafetensors(bytes, { name }));
    expect(() => parseSafetensors(file(`{"a":${f32("[1]", 4, 8)}}`, 8), { name })).toThrow(
      'evil.bin: expected tensor "a" to follow without hole or overlap at byte 62, got one at 66',
    );
  });

  test("mutants give FormatErrors only", async () => {
    const files = [writeSafetensors(tensors, metadata), file(`{"a":${f32("[1]", 0, 4)},"b":${f32("[1,1]", 4, 8)}}`, 8)];
    await expectOnlyFormatErrors("safetensors", files, (bytes) => parseSafetensors(bytes, { name }), 20_000);
  });
});
