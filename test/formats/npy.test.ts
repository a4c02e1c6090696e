import { describe, expect, test } from "vitest";
import { elementCount, type NumericArray, parseNpy, writeNpy } from "../../src/codecs/npy.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName } from "./hostile.ts";

const name = fileName;

const arrays: NumericArray[] = [
  { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, -2.25, 3e38, 1e-45) },
  { shape: [3], data: Float64Array.of(0.1, Math.PI, -1e300) },
  { shape: [2], data: Int8Array.of(-128, 127) },
  { shape: [2], data: Uint16Array.of(1, 65_535) },
  { shape: [2], data: Int16Array.of(-32_768, 32_767) },
  { shape: [2], data: Uint32Array.of(1, 2 ** 32 - 1) },
  { shape: [2], data: BigUint64Array.of(1n, 2n ** 64n - 1n) },
  { shape: [1, 2, 2], data: Uint8Array.of(0, 1, 254, 255) },
  { shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
  { shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
  { shape: [], data: Float32Array.of(42) },
  { shape: [0, 5], data: new Float32Array(0) },
  { shape: new Array(32).fill(1), data: Uint8Array.of(9) },
];

/** A file with a header of our choosing; length and version can be made to lie. */
function npy(header: string, data: ArrayLike<number> = [], { version = [1, 0], length = header.length + 1 } = {}) {
  const size = version[0] === 1 ? [length & 255, length >> 8] : [0, 8, 16, 24].map((bit) => (length >>> bit) & 255);
  return concat([0x93], ascii("NUMPY"), version, size, ascii(`${header}\n`), data);
}
const dict = (descr: string, order: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
/** An array of one dimension. */
const one = (descr: string, data: readonly number[], n: number) =>
  parseNpy(npy(dict(`'${descr}'`, "False", `(${n},)`), data), { name });
const _shaped = (shape: string, bytes = 4) => npy(dict("'<f4'", "False", shape), new Uint8Array(bytes));

describe("npy", () => {
  test("reading gives exactly what was written, for every type and shape", () => {
    for (const array of arrays) {
      const bytes = writeNpy(array);
      const back = parseNpy(bytes, { name });
      expect(back.data.constructor).toBe(array.data.constructor);
      expect(back).toEqual({ shape: [...array.shape], data: array.data });
      // What NumPy asks of a file: the numbers start on a multiple of 64.
      expect((bytes.length - array.data.byteLength) % 64).toBe(0);
    }
  });

  test("NaN bits and the sign of zero survive", () => {
    const bits = Uint32Array.of(0x7fc00001, 0xffc12345, 0x80000000);
    const back = parseNpy(writeNpy({ shape: [3], data: new Float32Array(bits.buffer) }), { name });
    expect(new Uint32Array(back.data.buffer)).toEqual(bits);
  });

  test("reads headers as others write them: any order, double quotes, spaces, no last comma, version 2.0", () => {
    const data = new Uint8Array(8);
    const headers = [
      "{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
      '{"descr": "<f4", "fortran_order": False, "shape": (2,), }',
      "{'descr':'<f4','fortran_order':False,'shape':(2,)}",
      "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) , }        ",
    ];
    for (const header of headers) {
      expect(parseNpy(npy(header, data), { name }).shape).toEqual([2]);
      expect(parseNpy(npy(header, data, { version: [2, 0] }), { name }).shape).toEqual([2]);
    }
    expect(parseNpy(npy(dict("'<f4'", "False", "(1, 2,)"), data), { name }).shape).toEqual([1, 2]);
  });

  test("reads bool, float16 and big-endian numbers", () => {
    expect(one("|b1", [0, 1, 1], 3)).toEqual({ shape: [3], data: Uint8Array.of(0, 1, 1), bool: true });
    expect(one(">u2", [1, 2, 255, 0], 2).data).toEqual(Uint16Array.of(258, 65_280));
    expect(one(">i4", [255, 255, 255, 254], 1).data).toEqual(Int32Array.of(-2));
    expect(one(">f8", [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1).data).toEqual(Float64Array.of(1.5));
    expect(one(">u8", [0, 0, 0, 0, 0, 0, 1, 0], 1).data).toEqual(BigUint64Array.of(256n));
    expect(one(">f2", [0x3c, 0], 1).data).toEqual(Float32Array.of(1));
    // The smallest, the largest subnormal, the smallest normal and the largest half, -2, -0, 1/3 and what is not finite.
    const halves = [0x0001, 0x03ff, 0x0400, 0x7bff, 0xc000, 0x8000, 0x3555, 0x7c00, 0xfc00, 0x7e01];
    const bytes = halves.flatMap((bits) => [bits & 255, bits >> 8]);
    expect([...one("<f2", bytes, 10).data]).toEqual([
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65_504,
      -2,
      -0,
      0.333251953125,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  test("an array in Fortran order comes in C order", () => {
    const fortran = (shape: string, data: readonly number[]) =>
      parseNpy(npy(dict("'|u1'", "True", shape), data), { name });
    expect(fortran("(2, 3)", [0, 3, 1, 4, 2, 5])).toEqual({ shape: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5) });
    // Element [i, j, k] of a 2 × 3 × 4 array lies at i + 2 j + 6 k.
    const [at, expected] = [Array.from({ length: 24 }, (_, i) => i), [] as number[]];
    for (const i of [0, 1]) for (const j of [0, 1, 2]) for (const k of [0, 1, 2, 3]) expected.push(i + 2 * j + 6 * k);
    expect([...fortran("(2, 3, 4)", at).data]).toEqual(expected);
    expect(fortran("()", [7]).data).toEqual(Uint8Array.of(7));
    expect(fortran("(3, 0)", []).shape).toEqual([3, 0]);
  });

  test("what holds no numbers is refused with what to do", () => {
    expect(() => one("|O", [0], 1)).toThrow("never unpickled: save an array of numbers");
    expect(() => one("<U4", [0], 1)).toThrow("text: save numbers, such as numpy.unique");
    expect(() => one("<c8", [0], 1)).toThrow(
      'expected descr one of f4 f8 u1 i1 u2 i2 u4 i4 u8 i8 f2 b1 at byte 10, got "<c8"',
    );
  });

  test("reads out of the middle of a buffer, at odd offsets", () => {
    const file = writeNpy(arrays[1]!);
    const inside = concat([1], file, [1]).subarray(1, 1 + file.length);
    expect(parseNpy(inside, { name }).data).toEqual(arrays[1]!.data);
  });

  test("elementCount is exact or undefined", () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([2, 0, 3])).toBe(0);
    expect(elementCount([2 ** 16, 2 ** 15])).toBe(2 ** 31);
    for (const shape of [
      [2 ** 16, 2 ** 16],
      [2 ** 32, 0],
      [-1],
      [1.5],
      [Number.NaN],
      [Number.POSITIVE_INFINITY, 0],
      [-0],
    ]) {
      expect(elementCount(shape)).toBeUndefined();
    }
  });

  test("arguments that do not fit are refused before anything is written", () => {
    expect(() => writeNpy({ shape: [3], data: new Float32Array(2) })).toThrow(
      '"shape" expected a product of 2, got [3]',
    );
    expect(() => writeNpy({ shape: [2], data: [1, 2] as never })).toThrow('"data" expected a typed array');
    expect(() => writeNpy({ shape: new Array(33).fill(1), data: new Uint8Array(1) })).toThrow("at most 32 dimensions");
  });

  test("mutants give FormatErrors only", async () => {
    const others = ["'<f2'", "'>i2'", "'|b1'"].map((descr) =>
      npy(dict(descr, "True", "(2, 2)"), [1, 0, 1, 0, 1, 0, 1, 0]),
    );
    await expectOnlyFormatErrors(
      "npy",
      [...arrays.map(writeNpy), ...others],
      (bytes) => parseNpy(bytes, { name }),
      20_000,
    );
  });
});
