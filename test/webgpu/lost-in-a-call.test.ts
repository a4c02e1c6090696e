// Calls that keep nothing between two of them: where the GPU is lost they are made again on what takes its place.
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type BoundNetwork,
  createEngine,
  type DistilledSet,
  type Engine,
  evaluate,
  randomInit,
  trainOn,
} from "../../src/index.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { errorOf, expectClose, paint } from "../helpers.ts";
import { testedWebGpu } from "./device.ts";
import { hostHas, remembering } from "./hosts.ts";

const webGpu = await testedWebGpu();
const devices: GPUDevice[] = [];
beforeEach(({ skip }) => {
  if (typeof webGpu === "string") skip(webGpu);
  else hostHas(remembering(webGpu, devices));
});
afterEach(() => vi.unstubAllGlobals());
afterAll(() => {
  for (const device of devices) device.destroy();
});

/** As a share of the largest value. */
const tolerance = 1e-4;
const seed = 4;
const model = smallConvNet();
const parameters = paint(model.parameterCount, seed).map((value) => value / 4);
const batch = { images: paint(3 * 162, seed + 1), targets: Uint8Array.of(0, 1, 2) };
const set: DistilledSet = {
  ...{ steps: 1, epochs: 3, imagesPerStep: 3, classes: 3, channels: 2, height: 9, width: 9 },
  images: batch.images,
  targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
  learningRates: Float32Array.of(0.02, 0.02, 0.02),
  ...{ mean: [0.5, 0.5], std: [0.3, 0.3], recipe: {} },
};

/** Each call, as the numbers that it gives. */
const calls: Readonly<
  Record<string, (engine: Engine, net: BoundNetwork) => Promise<Record<string, ArrayLike<number>>>>
> = {
  forward: async (_, net) => ({ logits: (await net.forward({ parameters, images: batch.images })).logits }),
  gradients: async (_, net) => {
    const { parameters: gradient, images } = await net.gradients({ parameters, ...batch });
    return { gradient, images };
  },
  hessianVectorProduct: async (_, net) => {
    const { parameters: product } = await net.hessianVectorProduct({ parameters, vector: parameters, ...batch });
    return { product };
  },
  features: async (_, net) => ({ features: (await net.features({ parameters, images: batch.images })).features }),
  metaGradient: async (_, net) => {
    const { images, initial } = await net.metaGradient({
      parameters,
      steps: [batch],
      learningRates: [0.02],
      real: batch,
    });
    return { images: images[0]!, initial };
  },
  trainOn: async (engine) => ({ θ: (await trainOn(set, { model, engine, seed })).parameters }),
};

describe("a call whose GPU was lost is made again", () => {
  test.each(Object.entries(calls))(`%s, seed ${seed}`, async (name, call) => {
    await using kernels = await createEngine({ threads: 1 });
    const expected = await call(kernels, await kernels.bind(model));
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    await using engine = await createEngine({ backend: "webgpu", threads: 1, onNotice });
    const net = await engine.bind(model);
    for (const end of ["a fresh device", "a fresh device", 'the backend "wasm"']) {
      devices.at(-1)!.destroy();
      const found = await call(engine, net);
      for (const [part, values] of Object.entries(found)) {
        expectClose(values, expected[part]!, tolerance, `${part} of ${name} on ${end}, seed ${seed}`);
      }
      expect(notices.pop()).toMatch(new RegExp(`^the GPU was lost .*; goes on on ${end}$`));
    }
    expect(notices).toEqual([]);
    expect(engine.gpu).toBeUndefined();
  });
});

test("a network that was trained predicts after the GPU was lost", async () => {
  await using engine = await createEngine({ backend: "webgpu", onNotice() {} });
  const network = await trainOn(set, { model, engine, seed });
  const before = await network.predict(batch.images);
  devices.at(-1)!.destroy();
  expect(await network.predict(batch.images)).toEqual(before);
});

test("calls that lose the GPU together share the one that takes its place", async () => {
  const notices: string[] = [];
  const onNotice = (notice: string): number => notices.push(notice);
  await using engine = await createEngine({ backend: "webgpu", onNotice });
  const net = await engine.bind(model);
  const options = {
    set,
    model,
    init: randomInit(),
    test: noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 }),
  };
  const expected = [await net.gradients({ parameters, ...batch }), await evaluate({ ...options, engine, networks: 2 })];
  const opened = devices.length;
  devices.at(-1)!.destroy();
  const found = await Promise.all([
    net.gradients({ parameters, ...batch }),
    evaluate({ ...options, engine, networks: 2 }),
    net.gradients({ parameters, ...batch }),
  ]);
  expect(found).toEqual([...expected, expected[0]]);
  expect(notices).toHaveLength(1);
  expect(devices).toHaveLength(opened + 1);
});

test("an engine that was disposed opens no other GPU", async () => {
  const engine = await createEngine({ backend: "webgpu" });
  const net = await engine.bind(model);
  const opened = devices.length;
  await engine.dispose();
  const error = await errorOf(() => net.forward({ parameters, images: batch.images }));
  expect(error?.message).toBe("this engine was disposed: create a new one");
  expect(devices).toHaveLength(opened);
});
