import { expect, test } from "vitest";
import { GradientClip } from "../../src/distill/gradient-clip.ts";

test("a gradient is shortened to so many times the running mean of the norms, which it then counts in", () => {
  const clip = new GradientClip(2);
  expect(clip.factor(1)).toBe(1);
  expect(clip.factor(2)).toBe(1);
  // m = 0.9·1 + 0.1·2
  expect(clip.factor(22)).toBeCloseTo(2.2 / 22, 14);
  // m = 0.9·1.1 + 0.1·2.2
  expect(clip.factor(24.2)).toBeCloseTo(2.42 / 24.2, 14);
});

test("gradients of zero hold no later one at zero", () => {
  const clip = new GradientClip(2);
  expect(clip.factor(0)).toBe(1);
  expect(clip.factor(3)).toBe(1);
  expect(clip.factor(12)).toBe(0.5);
});
