import { expect, test } from "vitest";
import { studentQuantile, summary } from "../../src/numeric/summary.ts";

test("mean, unbiased standard deviation and the 95 % interval of the mean, by hand", () => {
  // Mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, s² = 32/7; t₇ = 2.364624.
  const { mean, std, ci95 } = summary([2, 4, 4, 4, 5, 5, 7, 9]);
  expect(mean).toBe(5);
  expect(std).toBeCloseTo(2.13809, 5);
  expect(ci95).toBeCloseTo(1.787487, 5);
});

test("one value has no interval", () => {
  expect(summary([0.5])).toEqual({ mean: 0.5, std: 0 });
});

test("quantiles of Student's t are those of tables", () => {
  const table = { 1: 12.7062, 2: 4.30265, 5: 2.57058, 9: 2.26216, 10: 2.22814, 19: 2.09302, 30: 2.04227, 199: 1.97196 };
  for (const [degrees, t] of Object.entries(table)) {
    expect(Math.abs(studentQuantile(Number(degrees)) - t), `${degrees} degrees`).toBeLessThan(2e-5);
  }
});
