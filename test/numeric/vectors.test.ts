// Arithmetic on flat arrays.
import { describe, expect, test } from "vitest";
import { axpy, dot, norm, scale } from "../../src/numeric/vectors.ts";
import { paint } from "../helpers.ts";

const [x, y] = [paint(1000, 1), paint(1000, 2)];

test("dot sums in float64, in the order of the elements, whatever the precision of the arrays", () => {
  let expected = 0;
  for (let i = 0; i < 1000; i++) expected += x[i]! * y[i]!;
  expect(dot(x, y)).toBe(expected);
  expect(dot(Float64Array.from(x), y)).toBe(expected);
  // A sum in float32 would stay at 2²⁴.
  expect(dot(Float32Array.of(2 ** 24, 1), Float32Array.of(1, 1))).toBe(2 ** 24 + 1);
  expect(dot(new Float32Array(0), new Float32Array(0))).toBe(0);
});

test("norm is the root of the dot product with itself", () => {
  expect(norm(Float32Array.of(3, -4))).toBe(5);
  expect(norm(x)).toBe(Math.sqrt(dot(x, x)));
});

test("axpy and scale change the array that they return, with one rounding an element", () => {
  const sum = y.slice();
  expect(axpy(-0.3, x, sum)).toBe(sum);
  sum.forEach((value, i) => {
    expect(value).toBe(Math.fround(y[i]! + -0.3 * x[i]!));
  });
  const wide = Float64Array.from(y);
  expect(axpy(2, x, wide)).toBe(wide);
  expect(wide[3]).toBe(y[3]! + 2 * x[3]!);
  const scaled = x.slice();
  expect(scale(1 / 3, scaled)).toBe(scaled);
  expect(scaled[5]).toBe(Math.fround((1 / 3) * x[5]!));
  // Adding a vector to itself doubles it.
  const self = x.slice();
  expect(axpy(1, self, self)).toEqual(x.map((value) => 2 * value));
});

describe("are refused by name", () => {
  const short = new Float32Array(2);
  test.each<[string, () => unknown, string, string]>([
    ["a list", () => dot([1] as never, x), "TypeError", '"x" expected Float32Array, got Array of length 1'],
    ["nothing", () => norm(undefined as never), "TypeError", '"x" expected Float32Array, got undefined'],
    ["other lengths", () => dot(x, short), "RangeError", '"y" expected an array of length 1000, as "x", got'],
    ["other lengths of axpy", () => axpy(1, x, short), "RangeError", '"y" expected an array of length 1000'],
    ["no number", () => axpy("1" as never, x, y), "TypeError", '"alpha" expected a finite number, got "1"'],
    ["NaN", () => scale(Number.NaN, x), "RangeError", '"alpha" expected a finite number, got NaN'],
  ])("%s", (_, call, name, message) => {
    expect(call).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
  });
});
