import { expect, test } from "vitest";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { GradientClip } from "../../src/distill/gradient-clip.ts";
import { paint } from "../helpers.ts";

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

test.for([2, 1.1, 0.3])("with a clip of %d, the guard of a backend gives the same bits", async (clip) => {
  const backend = await createWasmBackend({ threads: 1 });
  const { base, ops } = backend;
  const [out, mean, squares, loss] = [base, base + 1, base + 4, base + 7];
  backend.reserve(loss + 1);
  backend.write(mean, [0, 0, 0]);
  backend.write(loss, [1]);
  const gradient = new GradientClip(clip);
  for (let seed = 0; seed < 500; seed++) {
    const values = paint(3, seed, 2).map((value) => value ** 2 * (seed % 20 === 19 ? 1e6 : 1));
    backend.write(squares, values);
    ops.guard(out, mean, squares, 3, loss, clip);
    const factor = gradient.factor(Math.sqrt(values[0]! + values[1]! + values[2]!));
    expect(backend.read(out, 1)[0]).toBe(Math.fround(factor));
  }
  await backend.dispose();
});
