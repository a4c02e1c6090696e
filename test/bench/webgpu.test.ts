// What the bench of GPUs promises: its counts are the device's, its plan is what a device gets, and its tables have figures.
import { expect, test } from "vitest";
import type { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { testedWebGpu } from "../webgpu/device.ts";

const file = (name: string): URL => new URL(`../../bench/${name}`, import.meta.url);
const gpu = await testedWebGpu();
const missing = typeof gpu === "string";

/** A step of LeNet that takes about a second on a simulated GPU. */
const tiny = {
  ...{ id: "tiny", title: "LeNet", network: "lenet", method: "back-gradient", networks: 2, simulated: {} },
  ...{ steps: 1, epochs: 1, imagesPerStep: 10, real: 8, learningRate: 0.02 },
};

test.skipIf(missing)("the counts of a step are those of the queue, and those planned without a GPU", async () => {
  const { openGpu } = await import(file("webgpu/host.mjs").href);
  const { between } = await import(file("webgpu/observe.mjs").href);
  const { plannedCounts } = await import(file("webgpu/plan.mjs").href);
  const { stepOf } = await import(file("webgpu/workloads.mjs").href);
  const { engine, counts } = await openGpu(gpu);
  const backend = engine.backend as WebGpuBackend;
  const step = await stepOf(engine, tiny);
  await step();
  const before = { queue: { ...backend.counts }, device: { ...counts } };
  await step();
  const queue = between(before.queue, backend.counts);
  const device = between(before.device, counts);
  await engine.dispose();
  expect(device.dispatches).toBe(queue.dispatches);
  expect(device.submissions).toBe(queue.submissions);
  expect(device.dispatches).toBeGreaterThan(50);
  const planned = await plannedCounts((on: unknown) => stepOf(on, tiny));
  const { dispatches, downloaded, reads } = device;
  expect(planned).toMatchObject({ dispatches, downloaded, reads });
  // The words of dispatches are padded for each submission, and a slow device gets more of them.
  expect(planned.uploaded / device.uploaded).toBeCloseTo(1, 1);
  // The weights are read by both passes, and LeNet has 61,706 of them.
  expect(planned.moved).toBeGreaterThan(2 * 4 * 61_706);
});

test.skipIf(missing)("results as JSON have what the tables of docs/performance.md need", async () => {
  const { measureGpu } = await import(file("webgpu.mjs").href);
  const { gpuTables } = await import(file("webgpu/tables.mjs").href);
  const only = (...names: string[]): boolean => names.some((name) => ["fc3", "crossEntropy"].includes(name));
  const torch = async () => ({ name: "a GPU", version: "2.0", rows: [{ id: "tiny", ms: 1 }] });
  const measured = await measureGpu(gpu, { quick: true, only, workloads: [tiny], torch });
  const machine = { cpu: "a CPU", cores: 2, node: "v0", commit: "0" };
  const results = JSON.parse(JSON.stringify({ webgpu: { machine, ...measured } }));
  const texts = Object.values(gpuTables).map((table) => (table as (given: unknown) => string)(results));
  for (const text of texts) expect(text).not.toMatch(/undefined|NaN|null|Infinity/);
  const [adapter, steps, plan, kernels, traffic] = texts;
  expect(adapter).toMatch(/llvmpipe.*, which simulates a GPU on the processor.* No speed on a GPU was measured\./);
  expect(steps).toMatch(/\| LeNet \| 2 networks, 1×1 steps of 10 images, 8 real \|/);
  expect(plan).toMatch(/^Assumed, not measured: 24 to 36 µs a dispatch/);
  expect(kernels!.split("\n")).toHaveLength(2 + 3);
  expect(traffic!.split("\n")).toHaveLength(2 + 1);
});

test("what a call writes to a buffer is counted in bytes, of an array by its elements", async () => {
  const { writtenBytes } = await import(file("webgpu/observe.mjs").href);
  const floats = new Float32Array(10);
  expect([writtenBytes(floats), writtenBytes(floats, 2), writtenBytes(floats, 2, 3)]).toEqual([40, 32, 12]);
  expect([writtenBytes(floats.buffer), writtenBytes(floats.buffer, 4), writtenBytes(floats.buffer, 4, 8)]).toEqual([
    40, 36, 8,
  ]);
});
