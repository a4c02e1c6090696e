// Learning rates are kept as r with η = softplus(r). The way back from η to r is made of operations that every engine
// rounds alike; here it is held against the host's own functions.
import { expect, test } from "vitest";
import { rawLearningRate } from "../../src/distill/learning-rates.ts";

/** From 1e-6 to 100, 50 to the decade, ends included. */
const rates = Array.from({ length: 401 }, (_, i) => 10 ** (-6 + i / 50));

test("rawLearningRate inverts softplus to 1e-12 from 1e-6 to 100", () => {
  for (const rate of rates) {
    const r = rawLearningRate(rate);
    const softplus = r > 0 ? r + Math.log1p(Math.exp(-r)) : Math.log1p(Math.exp(r));
    expect(Math.abs(softplus / rate - 1), `learning rate ${rate}`).toBeLessThan(1e-12);
  }
});

test("rawLearningRate is ln(e^η − 1) to 1e-12", () => {
  for (const rate of rates) {
    const expected = Math.log(Math.expm1(rate));
    const error = Math.abs(rawLearningRate(rate) - expected);
    expect(error / Math.max(1, Math.abs(expected)), `learning rate ${rate}`).toBeLessThan(1e-12);
  }
});

test("rawLearningRate is increasing", () => {
  const raw = rates.map(rawLearningRate);
  expect(raw.every((value, i) => i === 0 || value > raw[i - 1]!)).toBe(true);
});

test.each([0, -0.1, 100.1, Number.NaN, Number.POSITIVE_INFINITY])("a learning rate of %s is refused", (rate) => {
  const message = `"learningRate" expected a number > 0 and <= 100, got ${rate}`;
  expect(() => rawLearningRate(rate)).toThrow(new RangeError(message));
});
