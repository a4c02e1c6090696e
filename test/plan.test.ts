// What backends decide from shapes, and a backend that is for plans alone.
import { expect, test } from "vitest";
import { Arena } from "../src/backend/arena.ts";
import { planBackend } from "../src/backend/plan-backend.ts";
import type { PlannedConv2d } from "../src/backend/planned-conv2d.ts";
import { referencePlan } from "../src/backend/reference/plan.ts";
import { wasmPlan } from "../src/backend/wasm/plan.ts";
import { chunkImages } from "../src/inner/chunks.ts";
import { backGradientFlops, forwardFlops, windowFlops } from "../src/nn/flops.ts";
import { laneCount } from "../src/nn/network.ts";
import { alexCifarNet, convNet, lenet } from "../src/nn/zoo.ts";

test("a strided convolution spreads as many channels at a time as the kernel sums in one pass", () => {
  const shape: PlannedConv2d & { lanes: number } = {
    ...{ inChannels: 3, outChannels: 64, outHeight: 5, outWidth: 5, kernelHeight: 11, kernelWidth: 11 },
    ...{ stride: 4, lanes: 8 },
  };
  expect(wasmPlan.conv2d(shape)).toEqual({ workspace: 0, weightWorkspace: 0, spread: 4 });
  expect(wasmPlan.conv2d({ ...shape, kernelHeight: 30, kernelWidth: 30 }).spread).toBe(1);
  expect(wasmPlan.conv2d({ ...shape, stride: 1 }).spread).toBe(0);
});

test("lanes are even where every kernel takes that, else whole vectors of four", () => {
  for (const plan of [wasmPlan, referencePlan]) {
    expect(laneCount(lenet(), 10, plan)).toBe(10);
    expect(laneCount(lenet(), 9, plan)).toBe(10);
    expect(laneCount(alexCifarNet(), 10, plan)).toBe(12);
    expect(laneCount(convNet({ input: [3, 32, 32], classes: 10 }), 10, plan)).toBe(12);
  }
});

test("chunks are multiples of 8 images, from 8 to 128", () => {
  expect([1, 2048, 4000, 40_000, 1e9].map((floats) => wasmPlan.chunk(floats, []))).toEqual([128, 128, 64, 8, 8]);
});

test("a network with a layer in the frequency domain has chunks of 32 images, which share its weights", () => {
  const [narrow, wide] = [32, 128].map((width) => convNet({ input: [3, 32, 32], classes: 10, width }));
  expect(chunkImages(narrow!, wasmPlan)).toBe(8);
  expect(chunkImages(wide!, wasmPlan)).toBe(32);
  expect(chunkImages(wide!, referencePlan)).toBe(32);
});

test("a backend for plans allocates without end and runs nothing", async () => {
  const backend = planBackend({ name: "wasm", plan: wasmPlan, threads: 2, atOnce: 2 });
  const at = new Arena(backend).allocate(1e12);
  for (const call of [
    () => backend.ops.fill(at, 1, 1),
    () => backend.ops.sum(at, at, 1, false),
    () => backend.upload(at, 1, () => {}),
    () => backend.sideBySide(1, () => {}),
    () => backend.together([]),
  ]) {
    expect(call).toThrow("a plan runs nothing");
  }
  await expect(backend.read(at, 1)).rejects.toThrow("a plan runs nothing");
});

test("a convolution's flops are two for each tap of each output", () => {
  expect(forwardFlops(lenet())).toEqual({ all: 2 * 416_520, first: 2 * 117_600 });
});

test("a window counts as back-gradient through as many steps, and each step before it as a training step", () => {
  const [model, images] = [lenet(), { batch: 10, real: 64 }];
  const window = windowFlops(model, { ...images, skipped: 0, window: 6 });
  expect(window).toBe(backGradientFlops(model, { steps: 3, epochs: 2, imagesPerStep: 10, real: 64 }));
  const { all, first } = forwardFlops(model);
  expect(windowFlops(model, { ...images, skipped: 5, window: 6 }) - window).toBe(5 * 10 * (3 * all - first));
});
