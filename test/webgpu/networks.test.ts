// Whole networks on a GPU: every pass of random chains of layers against the float64 reference, and a run of distillation
// against that of the kernels.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { webgpuPlan } from "../../src/backend/webgpu/plan.ts";
import { backends } from "../../src/engine/backends.ts";
import { Engine } from "../../src/engine/engine.ts";
import { backGradient, createEngine, distill } from "../../src/index.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { checkChain, drawChain } from "../gradients/random-chains.ts";
import { expectClose } from "../helpers.ts";
import { testedGpu } from "./device.ts";

const gpu = await testedGpu();
const backend = gpu as WebGpuBackend;
if (typeof gpu === "string") beforeEach(({ skip }) => skip(gpu));
else afterAll(() => gpu.dispose());

/** What the images of a run may differ by from the kernels', as a share of its largest float. */
const runTolerance = 2e-3;

describe("a random chain has the reference's derivatives to 1e-4, and reads nothing unwritten", () => {
  test.each(Array.from({ length: 12 }, (_, i) => 5000 + i))("of seed %i", async (seed) => {
    await checkChain([new Engine(backend)], await drawChain(seed));
  });
});

test("20 outer steps end with the images and learning rates of the kernels", async () => {
  // A row of its own: no public name stands for a GPU yet.
  Object.assign(backends, { webgpu: { plan: webgpuPlan, create: async () => gpu, inPlaceOnly: true } });
  const method = backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, learningRate: 0.05 });
  const data = noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 });
  const options = { data, model: smallConvNet(), method, outer: { steps: 20, batch: 22 }, seed: 7 };
  const expected = await distill({ ...options, threads: 1 }).result();
  const engine = await createEngine({ backend: "webgpu" as "wasm" });
  const { dispatches } = backend.counts;
  const found = await distill({ ...options, engine }).result();
  console.log(`${(backend.counts.dispatches - dispatches) / 20} dispatches a step`);
  for (const part of ["images", "learningRates"] as const) {
    expectClose(found[part]!, expected[part]!, runTolerance, `${part} after 20 steps, seed 7`);
  }
  // The kernels' bits would say that nothing was computed here.
  expect(backend.counts.dispatches).toBeGreaterThan(dispatches);
});
