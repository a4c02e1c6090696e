// Random draws on the host: published answers, the bits of the kernels, and the orders that recipes were made with.
import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { classSplit } from "../../src/data/class-split.ts";
import { randomNormal, randomPermutation, randomUniform } from "../../src/numeric/draws.ts";
import { draws, multiplyHigh, philox4x32, type RandomKey } from "../../src/numeric/philox.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { peek } from "../helpers.ts";

const kernels = await createWasmBackend({ threads: 1 });
afterAll(() => kernels.dispose());

const big = (a: number, b: number): number => Number((BigInt(a) * BigInt(b)) >> 32n);
const sha256 = (values: Uint32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, 0, values.byteLength))
    .digest("hex");
const bits = (values: Float32Array): Uint32Array => Uint32Array.from(new Uint32Array(values.buffer));

// Words of the seed and the stream at both ends of their range, and different from one another.
const keys: readonly RandomKey[] = [
  { seed: [0, 0], stream: 0 },
  { seed: [0x12345678, 0x9abcdef0], stream: 7 },
  { seed: [0xffffffff, 0xffffffff], stream: 0xffffffff },
  randomKey(1, "weights/distil", 17, 2),
];

test("the high word of a product is that of the whole product, at every carry and for random words", () => {
  const edges = [0, 1, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffffffe, 0xffffffff];
  for (const a of edges) for (const b of edges) expect(multiplyHigh(a, b), `${a} · ${b}`).toBe(big(a, b));
  const words = draws(20_000, randomKey(1, "test/words"));
  for (let i = 0; i < words.length; i += 2) {
    const [a, b] = [words[i]!, words[i + 1]!];
    if (multiplyHigh(a, b) !== big(a, b)) throw new Error(`${a} · ${b}: got ${multiplyHigh(a, b)}`);
  }
});

test("draws are blocks of philox4x32, whatever their number, for signed and unsigned words of a key", () => {
  for (const key of keys) {
    const unsigned: [number, number] = [key.seed[0] >>> 0, key.seed[1] >>> 0];
    const words = [0, 1, 2].flatMap((block) => philox4x32([block, 0, key.stream, 0], unsigned));
    for (let n = 0; n <= 12; n++) expect([...draws(n, key)]).toEqual(words.slice(0, n));
    const signed = { seed: [key.seed[0] | 0, key.seed[1] | 0], stream: key.stream | 0 } as const;
    expect(draws(12, signed)).toEqual(draws(12, key));
  }
});

describe("have the bits of the kernels", () => {
  /** What an op writes. */
  const drawn = (n: number, draw: (at: number) => void): Float32Array => {
    kernels.reserve(kernels.base + n + 2);
    draw(kernels.base);
    return peek(kernels, kernels.base, n) as Float32Array;
  };

  test.each([0, 1, 2, 3, 7, 8, 9, 1023, 200_001])("randomNormal of %d", (n) => {
    for (const key of keys) {
      for (const [mean, std] of [[0, 1] as const, [0.3, 0.1] as const, [-7, 0] as const, [1e-3, 1e5] as const]) {
        const label = `n ${n}, key ${JSON.stringify(key)}, mean ${mean}, std ${std}`;
        const expected = drawn(n, (at) => kernels.ops.normal(at, n, key, mean, std));
        expect(sha256(bits(randomNormal(key, n, mean, std))), label).toBe(sha256(bits(expected)));
      }
    }
  });

  test.each([0, 1, 2, 3, 7, 8, 9, 1023, 200_001])("randomUniform of %d", (n) => {
    for (const key of keys) {
      for (const [low, high] of [[0, 1] as const, [-0.3, 0.7] as const, [1 / 3, 1e6] as const, [2, -5] as const]) {
        const label = `n ${n}, key ${JSON.stringify(key)}, from ${low} to ${high}`;
        const expected = drawn(n, (at) => kernels.ops.uniform(at, n, key, low, high));
        expect(sha256(bits(randomUniform(key, n, low, high))), label).toBe(sha256(bits(expected)));
      }
    }
  });

  test("randomNormal over two million draws, whose u has every octave down to 2⁻¹⁹", () => {
    const key = randomKey(3, "test/normal");
    const n = 2_000_000;
    const expected = drawn(n, (at) => kernels.ops.normal(at, n, key, 0, 1));
    expect(sha256(bits(randomNormal(key, n)))).toBe(sha256(bits(expected)));
    const octaves = new Set<number>();
    const words = draws(n, key);
    for (let i = 0; i < n; i += 2) octaves.add(Math.clz32(words[i]! >>> 8));
    for (let octave = 8; octave < 8 + 19; octave++) expect(octaves).toContain(octave);
  });

  // One stream in four million begins with such draws: these were searched for.
  test.each([
    { stream: 1_177_390, pair: 2, name: "the largest u, 1", first: 0xffffff },
    { stream: 1_714_273, pair: 0, name: "the smallest u, 2⁻²⁴", first: 0 },
    { stream: 1_053_317, pair: 0, name: "⅛ of a turn, between two quarters", second: 0x200000 },
    { stream: 2_440_748, pair: 2, name: "⅜ of a turn", second: 0x600000 },
    { stream: 1_353_222, pair: 2, name: "⅝ of a turn", second: 0xa00000 },
    { stream: 7_560_184, pair: 2, name: "⅞ of a turn", second: 0xe00000 },
  ])("randomNormal at $name", ({ stream, pair, first, second }) => {
    const key: RandomKey = { seed: [1, 2], stream };
    const [a, b] = [draws(4, key)[pair]! >>> 8, draws(4, key)[pair + 1]! >>> 8];
    expect([a, b]).toEqual([first ?? a, second ?? b]);
    const expected = drawn(4, (at) => kernels.ops.normal(at, 4, key, 0, 1));
    expect(bits(randomNormal(key, 4))).toEqual(bits(expected));
  });
});

test("normal draws are the reference's, to float32", () => {
  const reference = createReferenceBackend();
  reference.reserve(reference.base + 1001);
  for (const key of keys) {
    reference.ops.normal(reference.base, 1001, key, 0.5, 2);
    const [expected, got] = [peek(reference, reference.base, 1001), randomNormal(key, 1001, 0.5, 2)];
    expect(got.findIndex((value, i) => Math.abs(value - expected[i]!) > 1e-5)).toBe(-1);
  }
});

describe("permutations", () => {
  test("are those that published digests were made with", () => {
    const [first, second, third] = keys as [RandomKey, RandomKey, RandomKey];
    expect([...randomPermutation(first, 0)]).toEqual([]);
    expect([...randomPermutation(first, 1)]).toEqual([0]);
    expect([...randomPermutation(first, 8)]).toEqual([7, 1, 3, 5, 6, 2, 4, 0]);
    expect([...randomPermutation(second, 8)]).toEqual([6, 5, 1, 7, 3, 4, 0, 2]);
    expect([...randomPermutation(third, 5)]).toEqual([0, 4, 1, 3, 2]);
    expect(sha256(randomPermutation(third, 1000))).toMatch(/^fe2ef2a4/);
    // More than 2¹⁶, so that all 32 bits of a draw are used.
    expect(sha256(randomPermutation(second, 100_003))).toMatch(/^ac2307dd/);
  });

  test("hold every number once, and all orders of three are equally likely", () => {
    const sorted = randomPermutation(keys[1]!, 1000).toSorted();
    expect([...sorted]).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const counts = new Map<string, number>();
    for (let stream = 0; stream < 6000; stream++) {
      const order = randomPermutation({ seed: [0, 0], stream }, 3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // Four standard errors of a count: √(6000 · 1/6 · 5/6) = 29.
    expect([...counts.values()].filter((count) => Math.abs(count - 1000) < 4 * 29)).toHaveLength(6);
  });
});

test("a class split is a Fisher–Yates shuffle from the front, whose place i is drawn by block i", () => {
  for (const [count, testShare, seed] of [[2, 0.5, 1] as const, [37, 0.2, 3] as const, [500, 0.9, 8] as const]) {
    const key = randomKey(seed, "split", 0);
    const order = Array.from({ length: count }, (_, i) => i);
    const wanted = Math.round(testShare * count);
    for (let i = 0; i < wanted; i++) {
      const [word] = philox4x32([i, 0, 0, 0], key.seed);
      const j = i + big(word, count - i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const expected = order.slice(0, wanted).sort((a, b) => a - b);
    expect(classSplit(new Uint8Array(count), 1, { testShare, seed }).test).toEqual(expected);
  }
});

describe("are refused by name", () => {
  const key = randomKey(1, "test");
  const loose = (value: unknown) => value as never;
  test.each<[string, () => unknown, string, string]>([
    ["a seed", () => randomKey(-1, "x"), "RangeError", '"seed" expected'],
    ["a purpose", () => randomKey(1, loose(2)), "TypeError", '"purpose" expected a string, got 2'],
    ["an index", () => randomKey(1, "x", 0.5), "RangeError", '"index" expected integer >= 0, got 0.5'],
    ["a part", () => randomKey(1, "x", 0, 2 ** 32), "RangeError", '"part" expected integer <= 4294967295'],
    ["no key", () => randomUniform(loose(undefined), 1), "TypeError", '"key" expected a key { seed, stream }'],
    ["a short key", () => randomNormal(loose({ seed: [1], stream: 0 }), 1), "RangeError", '"key.seed" expected two'],
    [
      "a key of text",
      () => randomNormal(loose({ seed: ["1", 2], stream: 0 }), 1),
      "TypeError",
      '"key.seed[0]" expected',
    ],
    ["a number of draws", () => randomPermutation(key, -1), "RangeError", '"n" expected integer >= 0, got -1'],
    ["too many", () => randomPermutation(key, 2 ** 40), "RangeError", '"n" expected integer <= 4294967295'],
    ["a bound", () => randomUniform(key, 1, Number.NaN), "RangeError", '"low" expected a finite number, got NaN'],
    ["another", () => randomUniform(key, 1, 0, loose("1")), "TypeError", '"high" expected a finite number, got "1"'],
    ["a mean", () => randomNormal(key, 1, Infinity), "RangeError", '"mean" expected a finite number'],
    ["a deviation", () => randomNormal(key, 1, 0, -1), "RangeError", '"std" expected a finite number >= 0, got -1'],
  ])("%s", (_, call, name, message) => {
    expect(call).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
  });
});
