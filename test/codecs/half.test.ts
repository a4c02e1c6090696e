// The 16-bit formats of networks, at the edges of what they hold.
import { expect, test } from "vitest";
import { brainsToFloats, halvesToFloats } from "../../src/codecs/half.ts";

test.each([
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3c00, 1],
  [0x3c01, 1 + 2 ** -10],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
  [0x7c01, Number.NaN],
  [0xfe00, Number.NaN],
])("the half of the bits %s is %s", (bits, value) => {
  expect(halvesToFloats(Uint16Array.of(bits, 0x3c00))).toEqual(Float32Array.of(value, 1));
});

test.each([
  [0x0000, 0],
  [0x8000, -0],
  [0x3f80, 1],
  [0xc040, -3],
  [0x4049, 3.140625],
  [0x7f80, Number.POSITIVE_INFINITY],
  [0xff80, Number.NEGATIVE_INFINITY],
  [0x7fc0, Number.NaN],
  [0x0001, 2 ** -133],
])("the bfloat16 of the bits %s is %s", (bits, value) => {
  expect(brainsToFloats(Uint16Array.of(bits, 0x3f80))).toEqual(Float32Array.of(value, 1));
});
