// The four passes of average pooling, with windows and with bins, over weights (so that tangents go through) and on the
// images themselves.
import { describe, expect, test } from "vitest";
import { tanh } from "../../src/nn/activation.ts";
import { type AvgPool2dOptions, adaptiveAvgPool2d, avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { checkLayers } from "./differences.ts";

const windows: readonly (readonly [why: string, input: ImageShape, options: AvgPool2dOptions])[] = [
  ["2×2 windows", [2, 4, 4], { kernel: 2 }],
  ["2×2 windows, a rest", [1, 5, 5], { kernel: 2 }],
  ["1×1 windows", [2, 3, 3], { kernel: 1 }],
  ["one window", [3, 3, 4], { kernel: [3, 4] }],
  ["overlapping windows", [2, 5, 4], { kernel: 3, stride: 1 }],
  ["windows apart", [1, 6, 5], { kernel: 2, stride: 3 }],
  ["padding", [2, 4, 4], { kernel: 2, padding: 1 }],
  ["padding, overlapping windows", [1, 5, 6], { kernel: 3, stride: 2, padding: 1 }],
  ["wide windows, side by side", [2, 4, 6], { kernel: [2, 3] }],
  ["tall windows, two strides", [1, 6, 4], { kernel: [3, 2], stride: [1, 2], padding: 1 }],
];

const bins: readonly (readonly [why: string, input: ImageShape, out: number | [number, number]])[] = [
  ["one bin", [3, 4, 5], 1],
  ["a bin a pixel", [2, 3, 3], 3],
  ["bins that share nothing", [2, 4, 6], 2],
  ["bins that share a middle", [1, 3, 5], 2],
  ["3 × 3 bins of 4 × 5", [2, 4, 5], 3],
  ["4 × 2 bins of 7 × 3", [1, 7, 3], [4, 2]],
  ["one row of bins", [2, 4, 4], [1, 3]],
  ["more bins than pixels", [1, 2, 3], [3, 5]],
  ["2 × 2 bins of one pixel", [3, 1, 1], 2],
];

async function checkPool(pool: Layer, input: ImageShape, seed: number): Promise<void> {
  const above = [pool, flatten(), linear({ out: 3 })];
  await checkLayers(input, above, { seed, images: 2 + (seed % 4) });
  // Something curved below and above: pooling alone has no second derivative of its own.
  const below = [conv2d({ out: input[0], kernel: 3, padding: 1 }), tanh()];
  const layers = [...below, pool, tanh(), flatten(), linear({ out: 3 })];
  await checkLayers(input, layers, { seed, images: 2 + ((seed + 1) % 2) });
}

describe("average pooling matches central differences", () => {
  test.each(windows.map((row, i) => [...row, 2700 + i] as const))("%s", async (_, input, options, seed) => {
    await checkPool(avgPool2d(options), input, seed);
  });
});

describe("adaptive average pooling matches central differences", () => {
  test.each(bins.map((row, i) => [...row, 2800 + i] as const))("%s", async (_, input, out, seed) => {
    await checkPool(adaptiveAvgPool2d({ out }), input, seed);
  });
});

test("pooled logits match central differences", async () => {
  const layers = [conv2d({ out: 4, kernel: 2 }), tanh(), adaptiveAvgPool2d({ out: 1 })];
  await checkLayers([1, 4, 4], layers, { seed: 2900 });
  const pooled = [conv2d({ out: 4, kernel: 2 }), tanh(), avgPool2d({ kernel: 3 })];
  await checkLayers([1, 4, 4], pooled, { seed: 2901 });
});

describe("what does not fit is refused", () => {
  test.each<readonly [() => unknown, string]>([
    [() => avgPool2d({ kernel: 0 }), '"kernel" expected integer >= 1, got 0'],
    [() => avgPool2d({ kernel: [2, 1.5] }), '"kernel" expected integer >= 1, got 1.5'],
    [() => avgPool2d({ kernel: 2, stride: 0 }), '"stride" expected integer >= 1, got 0'],
    [() => avgPool2d({ kernel: 2, padding: -1 }), '"padding" expected integer >= 0, got -1'],
    [() => avgPool2d({ kernel: [4, 3], padding: 2 }), '"padding" expected <= 1, half the kernel, got 2'],
    [() => adaptiveAvgPool2d({ out: 0 }), '"out" expected integer >= 1, got 0'],
    [() => adaptiveAvgPool2d({ out: [2, -1] }), '"out" expected integer >= 1, got -1'],
  ])("%s", (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });

  test("an input smaller than a window", () => {
    const make = () => sequential([1, 3, 5], [avgPool2d({ kernel: 4 }), flatten(), linear({ out: 2 })]);
    expect(make).toThrow("layer 0 (avgPool2d): expected an input of at least 4 × 4, got 3 × 5");
  });
});
