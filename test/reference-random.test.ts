// The oracle's random numbers, checked against published answers and their own statistics.

import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { philox4x32 } from "../src/numeric/philox.ts";
import { peek } from "./helpers.ts";

const backend = createReferenceBackend();
const { ops, base } = backend;
backend.reserve(base + 100_001);

function read(n: number): number[] {
  return [...peek(backend, base, n)];
}

describe("random numbers", () => {
  const key = { seed: [1, 2], stream: 3 } as const;

  test("philox4x32-10 gives Random123's known answers", () => {
    const ones = 0xffffffff;
    expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
    expect(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });

  test("uniform draws are blocks of philox, and a short run begins a long one", () => {
    ops.uniform(base, 5, key, 0, 1);
    const short = read(5);
    ops.uniform(base, 8, key, 0, 1);
    const long = read(8);
    const words = [...philox4x32([0, 0, 3, 0], [1, 2]), ...philox4x32([1, 0, 3, 0], [1, 2])];
    expect(long).toEqual(words.map((word) => (word >>> 8) / 2 ** 24));
    expect(short).toEqual(long.slice(0, 5));
  });

  test("normal draws have their mean, variance and fourth moment", () => {
    const n = 100_001;
    ops.normal(base, n, key, 2, 3);
    const values = read(n).map((value) => (value - 2) / 3);
    const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / n;
    // Four standard errors of each moment: √(1/n), √(2/n), √(96/n).
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });
});
