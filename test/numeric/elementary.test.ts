// Sine and cosine by sums, against the host's, whose last bits differ between engines.
import { expect, test } from "vitest";
import { cosine, sine } from "../../src/numeric/elementary.ts";

test("sine and cosine are within 2⁻⁵⁰ from −π to π, and exact at 0", () => {
  for (let i = -1000; i <= 1000; i++) {
    const x = (Math.PI * i) / 1000;
    expect(Math.abs(sine(x) - Math.sin(x)), `sine(${x})`).toBeLessThan(2 ** -50);
    expect(Math.abs(cosine(x) - Math.cos(x)), `cosine(${x})`).toBeLessThan(2 ** -50);
  }
  expect([sine(0), cosine(0)]).toEqual([0, 1]);
});
