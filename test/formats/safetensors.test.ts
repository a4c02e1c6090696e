import { describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/codecs/npy.ts";
import { parseSafetensors, writeSafetensors } from "../../src/codecs/safetensors.ts";
import { concat, expectOnlyFormatErrors, fileName } from "./hostile.ts";

const name = fileName;

/** A file with a header of our choosing; the stated length can be made to lie. */
function file(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}
const _one = (fields: string, dataBytes = 4) => file(`{"a":{${fields}}}`, dataBytes);
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

  test("16-bit floats are read as the float32 that they are", () => {
    const half = file(
      '{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,1],"data_offsets":[4,6]}}',
      6,
    );
    half.set([0, 0x3c, 1, 0xc0, 0x49, 0x40], half.length - 6);
    expect([...parseSafetensors(half, { name }).tensors]).toEqual([
      ["h", { shape: [2], data: Float32Array.of(1, -2 - 2 ** -9) }],
      ["b", { shape: [1, 1], data: Float32Array.of(3.140625) }],
    ]);
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

  test("mutants give FormatErrors only", async () => {
    const files = [writeSafetensors(tensors, metadata), file(`{"a":${f32("[1]", 0, 4)},"b":${f32("[1,1]", 4, 8)}}`, 8)];
    await expectOnlyFormatErrors("safetensors", files, (bytes) => parseSafetensors(bytes, { name }), 20_000);
  });
});
