// The public calls on a GPU, and what they do where there is none, or where it is lost.
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createWebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { fitTraining } from "../../src/distill/training.ts";
import { Engine } from "../../src/engine/engine.ts";
import { checkpointFromBytes, checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import {
  backGradient,
  createEngine,
  type Distillation,
  distill,
  distributionMatching,
  evaluate,
  isReproducible,
  randomInit,
  setDigest,
  trainOn,
} from "../../src/index.ts";
import { strategyNames } from "../../src/inner/augment-strategies.ts";
import { fasterEngine } from "../../src/run/faster-engine.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { errorOf, expectClose, paint } from "../helpers.ts";
import { testedWebGpu } from "./device.ts";
import { hostHas, remembering, withDevice } from "./hosts.ts";

const webGpu = await testedWebGpu();

const data = noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 });
const method = backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, learningRate: 0.05 });
const run = { data, model: smallConvNet(), method, outer: { steps: 4, batch: 22 }, seed: 7 };
/** What images may differ by from the kernels', as a share of the largest. */
const runTolerance = 2e-3;
const kernels = distill({ ...run, threads: 1 }).result();

afterEach(() => vi.unstubAllGlobals());

describe("on a GPU", () => {
  beforeEach(({ skip }) => {
    if (typeof webGpu === "string") skip(webGpu);
    else hostHas(webGpu);
  });

  test("a run is the kernels' to the tolerance, names the GPU, and never claims their digest", async () => {
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    await using engine = await createEngine({ backend: "webgpu", onNotice });
    expect(engine.backend.name).toBe("webgpu");
    expect(engine.gpu).toMatchObject({ name: expect.stringMatching(/llvmpipe/), software: true });
    expect(engine.gpu!.limits.maxBufferSize).toBeGreaterThan(2 ** 20);
    const going = distill({ ...run, engine });
    const set = await going.result();
    expectClose(set.images, (await kernels).images, runTolerance, "images after 4 steps, seed 7");
    expect(set.recipe.gpu).toEqual(engine.gpu);
    expect(isReproducible(set)).toBe(false);
    expect(await setDigest(set)).toMatch(/^webgpu:[0-9a-f]{64}$/);
    expect(notices).toEqual([]);
  });

  test("the calls take the backend by name, and an evaluation names the GPU too", async () => {
    const set = await kernels;
    const options = { set, model: run.model, init: randomInit(), test: data, networks: 3 };
    const expected = await evaluate({ ...options, threads: 1 });
    const found = await evaluate({ ...options, backend: "webgpu" });
    // The accuracy of 45 images changes in steps of 1/45, if one lies at the border of two classes.
    expectClose(found.accuracies, expected.accuracies, 0.05, "accuracies of three networks, seed 0");
    expect(found.accuracies).toHaveLength(3);
    expect(found.gpu).toMatchObject({ software: true });
    expect(expected.gpu).toBeUndefined();
  });

  test("the networks of an evaluation take few more dispatches than one", async () => {
    const set = await kernels;
    const counted = async (networks: number): Promise<number> => {
      const backend = await createWebGpuBackend();
      await using engine = new Engine(backend);
      await evaluate({ set, model: run.model, init: randomInit(), test: data, networks, engine });
      return backend.counts.dispatches;
    };
    const [one, twelve] = [await counted(1), await counted(12)];
    console.log(`dispatches of an evaluation: ${one} with one network, ${twelve} with twelve`);
    expect(twelve).toBeLessThan(1.1 * one);
  });

  describe("training by a protocol, with Adam and augmentation", () => {
    const fitSet = {
      ...{ steps: 1, epochs: 0, imagesPerStep: 12, classes: 3, channels: 2, height: 9, width: 9 },
      images: paint(12 * 162, 5),
      targets: Float32Array.from({ length: 36 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
      ...{ learningRates: new Float32Array(0), mean: data.mean, std: data.std, recipe: {} },
    };
    const training = fitTraining({
      optimizer: "adam",
      epochs: 10,
      batch: 6,
      schedule: "cosine",
      augment: strategyNames,
    });

    test.each(strategyNames)("is the kernels' to the tolerance: %s", async (strategy) => {
      const set = { ...fitSet, training: { ...training, augment: [strategy] } };
      const trained = async (options: object) =>
        (await trainOn(set, { model: run.model, seed: 7, ...options })).parameters;
      await using engine = await createEngine({ backend: "webgpu" });
      const expected = await trained({ threads: 1 });
      expectClose(await trained({ engine }), expected, runTolerance, `θ after 20 steps of ${strategy}, seed 7`);
    });

    test("keeps networks side by side in step, although each draws strategies of its own", async () => {
      const counted = async (networks: number): Promise<number> => {
        const backend = await createWebGpuBackend();
        await using engine = new Engine(backend);
        const set = { ...fitSet, training };
        await evaluate({ set, model: run.model, init: randomInit(), test: data, networks, engine });
        return backend.counts.dispatches;
      };
      const [one, twelve] = [await counted(1), await counted(12)];
      console.log(`dispatches of an evaluation with augmentation: ${one} with one network, ${twelve} with twelve`);
      expect(twelve).toBeLessThan(1.1 * one);
    });
  });

  test("distribution matching with augmentation is the kernels' to the tolerance, two networks side by side", async () => {
    const matching = distributionMatching({ imagesPerClass: 2, realPerClass: 8, augment: strategyNames });
    const options = { ...run, method: matching, outer: { steps: 3 }, networksPerStep: 2 };
    const expected = await distill({ ...options, threads: 1 }).result();
    const found = await distill({ ...options, backend: "webgpu" }).result();
    expectClose(found.images, expected.images, runTolerance, "images after 3 steps, seed 7");
  });

  test("the state of a run names the GPU, goes on with the kernels, and stays marked", async () => {
    const options = { ...run, outer: { ...run.outer, steps: 2 } };
    const going = distill({ ...options, backend: "webgpu" });
    await going.result();
    const bytes = await checkpointToBytes({ state: await going.state(), note: {} });
    const { state } = await checkpointFromBytes(bytes, "state.safetensors");
    expect(state.gpu).toMatchObject({ software: true });
    const set = await distill({ ...run, resume: state, threads: 1 }).result();
    expectClose(set.images, (await kernels).images, runTolerance, "images after 2 + 2 steps, seed 7");
    expect(set.recipe.gpu).toEqual(state.gpu);
    expect(isReproducible(set)).toBe(false);
  });

  test("auto never takes a GPU that is simulated on the processor, and says so", async () => {
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    const set = await distill({ ...run, threads: 1, backend: "auto", onNotice }).result();
    expect(set.images).toEqual((await kernels).images);
    expect(notices).toEqual([expect.stringMatching(/llvmpipe.* is no GPU but a simulation of one/)]);
  });

  describe("auto, where the GPU is taken for a real one", () => {
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    beforeEach(() => {
      notices.length = 0;
      hostHas(disguised(webGpu as GPU));
    });

    test("times a step of the run on both, says which is faster, and runs there", async () => {
      const set = await distill({ ...run, threads: 1, backend: "auto", onNotice }).result();
      expect(notices).toEqual([
        expect.stringMatching(
          /^runs on the backend "(wasm|webgpu)", the faster one: \d+ ms on a card, (more|\d+) with the kernels$/,
        ),
      ]);
      expect(set.recipe.gpu !== undefined).toBe(notices[0]!.includes('"webgpu"'));
      expectClose(set.images, (await kernels).images, runTolerance, "images after 4 steps, seed 7");
    });

    test("gives up the kernels once they have taken longer", async () => {
      let gaveUp = false;
      await using engine = await fasterEngine({ threads: 1, onNotice }, async ({ gpu }, signal) => {
        if (gpu) return;
        await new Promise((resolve) => signal!.addEventListener("abort", resolve));
        gaveUp = true;
      });
      expect(gaveUp).toBe(true);
      expect(engine.backend.name).toBe("webgpu");
      expect(notices).toEqual([expect.stringContaining("ms on a card, more with the kernels")]);
    });

    test("takes the kernels where they are faster", async () => {
      await using engine = await fasterEngine({ threads: 1, onNotice }, ({ gpu }) => {
        return new Promise((resolve) => setTimeout(resolve, gpu ? 400 : 0));
      });
      expect(engine.backend.name).toBe("wasm");
    });
  });

  describe("the networks of a step are computed together", async () => {
    const step = { ...run, networksPerStep: 5 };
    const expected = await distill({ ...step, threads: 1 }).result();
    /** Runs on the GPU, and counts the dispatches of a step. */
    const counted = async (options: typeof run, most?: number) => {
      const backend = await createWebGpuBackend();
      if (most !== undefined) Object.defineProperty(backend, "most", { value: most });
      await using engine = new Engine(backend);
      const set = await distill({ ...options, engine }).result();
      return { set, dispatches: backend.counts.dispatches / run.outer.steps, used: backend.capacity };
    };

    test("and take few more dispatches than one", async () => {
      const one = await counted(run);
      const five = await counted(step);
      console.log(`dispatches a step: ${one.dispatches} for one network, ${five.dispatches} for five`);
      expectClose(five.set.images, expected.images, runTolerance, "images of five networks a step, seed 7");
      // Only the sums over networks are one for each.
      expect(five.dispatches).toBeLessThan(1.4 * one.dispatches);
    });

    test("or, where memory holds fewer, some after the others", async () => {
      const all = await counted(step);
      const some = await counted(step, Math.floor(0.6 * all.used));
      console.log(`dispatches a step: ${all.dispatches} for all networks, ${some.dispatches} where fewer fit`);
      expectClose(some.set.images, expected.images, runTolerance, "images of five networks a step, seed 7");
      expect(some.dispatches).toBeGreaterThan(1.2 * all.dispatches);
    });
  });

  test("workers are refused, because a GPU computes the networks together", async () => {
    await using engine = await createEngine({ backend: "webgpu" });
    const error = await errorOf(() => distill({ ...run, engine, networksPerStep: 2, workers: 2 }).result());
    expect(error).toMatchObject({
      name: "RangeError",
      message: expect.stringMatching(/^"workers" expected 0 on a GPU/),
    });
  });
});

describe("a GPU that is lost", () => {
  const devices: GPUDevice[] = [];
  beforeEach(({ skip }) => {
    if (typeof webGpu === "string") skip(webGpu);
    else hostHas(remembering(webGpu, devices));
  });
  afterAll(() => {
    for (const device of devices) device.destroy();
  });

  test.each([1, 2, 3])(
    "%i times in a run: it goes on from its last state and ends with the same set",
    async (times) => {
      const notices: string[] = [];
      const onNotice = (notice: string): number => notices.push(notice);
      await using engine = await createEngine({ backend: "webgpu", threads: 1, onNotice });
      const going: Distillation = distill({ ...run, engine });
      let losses = 0;
      for await (const { step } of going) {
        if (step !== 2 || losses === times) continue;
        losses++;
        devices.at(-1)!.destroy();
      }
      const set = await going.result();
      expect(losses).toBe(times);
      expectClose(set.images, (await kernels).images, runTolerance, `images after ${times} losses, seed 7`);
      expect(set.recipe.gpu).toBeDefined();
      expect(notices.map((notice) => notice.replace(/^.*; /, ""))).toEqual(
        ["goes on on a fresh device", "goes on on a fresh device", 'goes on on the backend "wasm"'].slice(0, times),
      );
      expect(notices[0]).toMatch(/^the GPU was lost \(destroyed\)/);
      expect(engine.backend.name).toBe(times < 3 ? "webgpu" : "wasm");
    },
  );
});

test("an evaluation whose GPU is lost asks a fresh device for the networks that are left", async ({ skip }) => {
  if (typeof webGpu === "string") return skip(webGpu);
  const devices: GPUDevice[] = [];
  hostHas(remembering(webGpu, devices));
  const notices: string[] = [];
  const onNotice = (notice: string): number => notices.push(notice);
  await using engine = await createEngine({ backend: "webgpu", onNotice });
  // More than are computed together, so that some are left.
  const options = { set: await kernels, model: run.model, init: randomInit(), test: data, networks: 40 };
  let told = 0;
  const onProgress = (): void => {
    if (++told === 1) devices.at(-1)!.destroy();
  };
  const found = await evaluate({ ...options, engine, onProgress });
  expect(notices).toEqual([expect.stringMatching(/^the GPU was lost \(destroyed\).*; goes on on a fresh device$/)]);
  expect(told).toBe(40);
  const expected = await evaluate({ ...options, threads: 1 });
  // The accuracy of 45 images changes in steps of 1/45, if one lies at the border of two classes.
  expectClose(found.accuracies, expected.accuracies, 0.05, "accuracies of 40 networks, seed 0");
});

test("an evaluation whose GPU is lost for good ends with the kernels, and still names the GPU", async ({ skip }) => {
  if (typeof webGpu === "string") return skip(webGpu);
  const devices: GPUDevice[] = [];
  hostHas(remembering(webGpu, devices));
  await using engine = await createEngine({ backend: "webgpu", threads: 1, onNotice() {} });
  const options = { set: await kernels, model: run.model, init: randomInit(), test: data, networks: 100 };
  let lost: GPUDevice | undefined;
  const onProgress = (): void => {
    const device = devices.at(-1)!;
    if (device !== lost) device.destroy();
    lost = device;
  };
  const found = await evaluate({ ...options, engine, onProgress });
  expect(engine.backend.name).toBe("wasm");
  expect(found.accuracies).toHaveLength(100);
  expect(found.gpu).toMatchObject({ software: true });
});

describe("a host says why it has no GPU, and takes the kernels", () => {
  const lostAtOnce = (gpu: GPU): Partial<GPU> => ({
    requestAdapter: async (options) => {
      const adapter = await gpu.requestAdapter(options);
      return withDevice(adapter, async (adapter, wanted) => {
        const device = await adapter.requestDevice(wanted);
        device.destroy();
        return device;
      });
    },
  });
  const refusing = (gpu: GPU): Partial<GPU> => ({
    requestAdapter: async (options) =>
      withDevice(await gpu.requestAdapter(options), async () => {
        throw new Error("maxBufferSize is more than there is");
      }),
  });
  const hosts: readonly (readonly [string, (gpu: GPU) => Partial<GPU> | undefined, RegExp])[] = [
    [
      "the package is not installed",
      () => undefined,
      /^WebGPU in Node needs the package "webgpu" \(npm install webgpu\)/,
    ],
    ["there is no adapter", () => ({ requestAdapter: async () => null }), /^WebGPU finds no GPU here/],
    ["limits are refused", refusing, /^this GPU cannot be used: maxBufferSize is more than there is/],
    ["the device is lost at once", lostAtOnce, /^the GPU was lost \(destroyed\)/],
  ];

  test.each(hosts)("%s", async (_, host, expected) => {
    // The first two need no WebGPU of their own.
    const needed = host === refusing || host === lostAtOnce;
    if (needed && typeof webGpu === "string") return;
    hostHas(host(webGpu as GPU));
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    const set = await distill({ ...run, threads: 1, backend: "webgpu", onNotice }).result();
    expect(notices).toEqual([expect.stringMatching(expected)]);
    expect(notices[0]).toMatch(/; runs on the backend "wasm" instead$/);
    expect(set.images).toEqual((await kernels).images);
    expect(isReproducible(set)).toBe(true);
  });
});

/** That WebGPU under another name, which does not say that it is simulated. */
function disguised(gpu: GPU): Partial<GPU> {
  return {
    requestAdapter: async (options) => {
      const adapter = withDevice(await gpu.requestAdapter(options), (adapter, wanted) => adapter.requestDevice(wanted));
      return adapter && ({ ...adapter, info: { device: "a card" } } as unknown as GPUAdapter);
    },
  };
}
