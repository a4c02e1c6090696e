// The training of a pool on a GPU: its networks together, and what becomes of them where the GPU is lost.
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createWebGpuBackend, type WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { Engine } from "../../src/engine/engine.ts";
import { createEngine, type PoolNetwork, type TrainedPool, type TrainPoolOptions, trainPool } from "../../src/index.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { expectClose } from "../helpers.ts";
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

/** What weights may differ by from the kernels', as a share of the largest. */
const tolerance = 2e-3;
const data = noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 });
/** Passes of two batches, of which the second is smaller. */
const pool: Omit<TrainPoolOptions, "networks"> = {
  ...{ data, test: data, model: smallConvNet(), epochs: 4, batch: 30, seed: 3, augment: { flip: true } },
};
const three = { ...pool, networks: 3 };
const kernels = trainPool({ ...three, threads: 1 });

function expectClosePool(weights: TrainedPool["weights"], expected: TrainedPool["weights"], what: string): void {
  expect(weights).toHaveLength(expected.length);
  for (const [k, theta] of weights.entries()) {
    expectClose(theta, expected[k]!, tolerance, `θ of network ${k} ${what}, seed 3`);
  }
}

describe("networks are trained together", () => {
  /** Trains on the GPU, and counts the dispatches. */
  const counted = async (networks: number, most?: number) => {
    const backend = await createWebGpuBackend();
    if (most !== undefined) Object.defineProperty(backend, "most", { value: most });
    await using engine = new Engine(backend);
    const trained = await trainPool({ ...pool, networks, engine });
    return { ...trained, dispatches: backend.counts.dispatches, used: backend.capacity };
  };

  test("and take few more dispatches than one", async () => {
    const [one, three] = [await counted(1), await counted(3)];
    console.log(`dispatches of a pool: ${one.dispatches} for one network, ${three.dispatches} for three`);
    expect(three.dispatches).toBeLessThan(1.1 * one.dispatches);
    const expected = await kernels;
    expectClosePool(three.weights, expected.weights, "of three together");
    // The accuracy of 45 images changes in steps of 1/45, if one lies at the border of two classes.
    expectClose(
      three.evaluation!.accuracies,
      expected.evaluation!.accuracies,
      0.05,
      "accuracies of three networks, seed 3",
    );
    expect(three.weights[0]).toEqual(one.weights[0]);
  });

  test("or, where memory holds fewer, some after the others", async () => {
    const all = await counted(3);
    const some = await counted(3, Math.floor(0.9 * all.used));
    console.log(`dispatches of a pool: ${all.dispatches} for all together, ${some.dispatches} where fewer fit`);
    expect(some.dispatches).toBeGreaterThan(1.5 * all.dispatches);
    expect(some.weights).toEqual(all.weights);
  });
});

test.for([1, 2, 3])("where the GPU is lost %i times, all go on from the end of their last pass", async (times) => {
  const notices: string[] = [];
  const onNotice = (notice: string): number => notices.push(notice);
  await using engine = await createEngine({ backend: "webgpu", threads: 1, onNotice });
  const told: string[] = [];
  const added: number[] = [];
  let losses = 0;
  const onProgress = ({ network, epoch, done }: { network: number; epoch: number; done: number }): void => {
    told.push(`${done}: ${network} ${epoch}`);
    // After the pass of the last network.
    if (losses < times && network === 2 && epoch === losses + 1) {
      losses++;
      devices.at(-1)!.destroy();
    }
  };
  const onNetwork = ({ network }: PoolNetwork): void => void added.push(network);
  const found = await trainPool({ ...three, engine, onProgress, onNetwork });
  const ends = ["a fresh device", "a fresh device", 'the backend "wasm"'];
  expect(notices.map((notice) => notice.replace(/^.*; goes on on /, ""))).toEqual(ends.slice(0, times));
  expect(added).toEqual([0, 1, 2]);
  // The kernels train one network after the other.
  const together = times < 3 ? 4 : 3;
  const order = [
    ...Array.from({ length: 3 * together }, (_, i) => `${i % 3} ${Math.floor(i / 3) + 1}`),
    ...(times < 3 ? [] : ["0 4", "1 4", "2 4"]),
  ];
  expect(told).toEqual(order.map((each, i) => `${i + 1}: ${each}`));
  expectClosePool(found.weights, (await kernels).weights, `after ${times} losses`);
  expect(found.evaluation?.gpu).toMatchObject({ software: true });
});

test("what was kept is where the networks were: a pool whose GPU is lost once has the bits of one that never lost it", async () => {
  const trained = async (loses: boolean) => {
    await using engine = await createEngine({ backend: "webgpu", onNotice() {} });
    const onProgress = ({ done }: { done: number }): void => {
      if (loses && done === 9) devices.at(-1)!.destroy();
    };
    const { weights } = await trainPool({ ...three, engine, onProgress });
    return { weights, dispatches: (engine.backend as WebGpuBackend).counts.dispatches };
  };
  const [whole, broken] = [await trained(false), await trained(true)];
  expect(broken.weights).toEqual(whole.weights);
  // One pass of four, and the test.
  console.log(`dispatches: ${whole.dispatches} of the whole training, ${broken.dispatches} after the loss`);
  expect(broken.dispatches).toBeLessThan(0.5 * whole.dispatches);
});
