// The range coder and base64url, the two layers of a packed set.
import { describe, expect, test } from "vitest";
import { fromBase64url, toBase64url } from "../../src/codecs/base64url.ts";
import { chances, mostBitsPerByte, RangeReader, RangeWriter } from "../../src/codecs/range-coder.ts";
import { randomIntegers } from "../formats/hostile.ts";

const name = "evil.bin";

interface Value {
  readonly context: number;
  readonly bits: number;
  readonly value: number;
}

const widths = [1, 3, 8, 13];
const trees = () => new Map(widths.map((bits) => [bits, chances(4, bits)]));

function written(values: readonly Value[]): Uint8Array {
  const [writer, tables] = [new RangeWriter(), trees()];
  for (const { context, bits, value } of values) writer.code(tables.get(bits)!, context, bits, value);
  return writer.finish();
}

function read(bytes: Uint8Array, values: readonly Value[]): number[] {
  const [reader, tables] = [new RangeReader(bytes, name), trees()];
  const back = values.map(({ context, bits }) => reader.code(tables.get(bits)!, context, bits));
  reader.end();
  return back;
}

describe("the range coder", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "reads what it wrote, seed %i: even values, rare ones, and runs that carry",
    (seed) => {
      const below = randomIntegers(seed);
      const values = Array.from({ length: 3000 }, (_, i): Value => {
        const bits = widths[below(widths.length)]!;
        const most = 2 ** bits - 1;
        // Long runs of the largest value make bytes of 255, through which a carry runs.
        const value = i % 1000 < 500 ? (below(50) === 0 ? below(most + 1) : most) : below(most + 1);
        return { context: below(4), bits, value };
      });
      const bytes = written(values);
      expect(read(bytes, values), `seed ${seed}`).toEqual(values.map(({ value }) => value));
      expect(written(values)).toEqual(bytes);
    },
  );

  test("takes about as many bits as the entropy of values that are drawn alike", () => {
    const below = randomIntegers(11);
    // 3 bits with chances of 1/2, 1/4 and 1/4: 1.5 bits each.
    const values = Array.from({ length: 20_000 }, () => ({ context: 0, bits: 3, value: [0, 0, 5, 6][below(4)]! }));
    const bits = (8 * written(values).length) / values.length;
    expect(bits).toBeGreaterThan(1.49);
    expect(bits).toBeLessThan(1.56);
  });

  test("no byte holds more bits than mostBitsPerByte says", () => {
    const values = Array.from({ length: 300_000 }, () => ({ context: 0, bits: 1, value: 0 }));
    const perByte = values.length / written(values).length;
    expect(perByte).toBeLessThan(mostBitsPerByte);
    expect(perByte).toBeGreaterThan(0.95 * mostBitsPerByte);
  });

  test("bytes that are missing or too many are refused by name", () => {
    const values = Array.from({ length: 100 }, (_, i) => ({ context: 0, bits: 8, value: i }));
    const bytes = written(values);
    for (const length of [0, 3, 50, bytes.length - 1]) {
      expect(() => read(bytes.subarray(0, length), values)).toThrow(`${name}: expected more than its ${length} bytes`);
    }
    const longer = Uint8Array.of(...bytes, 0);
    expect(() => read(longer, values)).toThrow(`${name}: expected its end after ${bytes.length} bytes, got 1 more`);
  });
});

describe("base64url", () => {
  test("is Node's, for all lengths, and is read back", () => {
    const below = randomIntegers(5);
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, () => below(256));
      const letters = toBase64url(bytes);
      expect(letters, `length ${length}, seed 5`).toBe(Buffer.from(bytes).toString("base64url"));
      expect(fromBase64url(letters, name)).toEqual(bytes);
    }
  });

  test.each([
    ["AA==", 'expected letters, digits, "-" or "_", got "=" at 2'],
    ["A+/A", 'got "+" at 1'],
    ["AAAé", 'got "é" at 3'],
    ["A", "expected a whole number of bytes, got 1 letters"],
    ["AB", "expected zeros in the 4 bits that are left over"],
    ["AAB", "expected zeros in the 2 bits that are left over"],
  ])("%s is refused, which stands for no bytes or for those of another text", (letters, message) => {
    expect(() => fromBase64url(letters, name)).toThrow(message);
    expect(() => fromBase64url(letters, name)).toThrow(expect.objectContaining({ name: "FormatError" }));
  });
});
