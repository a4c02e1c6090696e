// A run that diverges keeps the set as it was before the step that failed, wherever it runs.
import { describe, expect, test } from "vitest";
import { distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import {
  backGradient,
  type DistillOptions,
  DivergedError,
  distill,
  mlp,
  setDigest,
  trainPool,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const data = brightHalves({ count: 60 });
const model = halvesNet();
const wild: DistillOptions = {
  data,
  model,
  method: backGradient({ steps: 5, epochs: 4, imagesPerClass: 1, learningRate: 1 }),
  outer: { steps: 100, batch: 60, learningRate: 30 },
  networksPerStep: 2,
  threads: 1,
};

async function divergence(options: DistillOptions): Promise<{ error: DivergedError; run: ReturnType<typeof distill> }> {
  const run = distill(options);
  const error = await run.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DivergedError);
  return { error: error as DivergedError, run };
}

describe("a distillation that diverges", () => {
  test.each([
    ["in place", { worker: false }],
    ["in a worker", { worker: true }],
    ["with networks on workers", { workers: 2 }],
    ["with both", { worker: true, workers: 2 }],
  ])("%s rejects with the set that as many steps as were good give, and keeps it", async (_, where) => {
    const { error, run } = await divergence({ ...wild, ...where });
    expect(error.step).toBeGreaterThan(1);
    expect(error.message).toMatch(new RegExp(`^outer step ${error.step}: the ${error.tensor} is (NaN|Infinity);`));
    expect(error.set!.recipe).toMatchObject({
      outerSteps: error.step - 1,
      diverged: { step: error.step, tensor: error.tensor },
    });
    expect(await run.snapshot()).toEqual(error.set);
    await expect(run.result()).rejects.toBe(error);
    const good = await distill({ ...wild, outer: { ...wild.outer, steps: error.step - 1 } }).result();
    expect(await setDigest(error.set!)).toBe(await setDigest(good));
    // What can be saved is finite.
    expect(distilledToSafetensors(error.set!).length).toBeGreaterThan(0);
  });

  test.each([
    ["pixels", 1e30, "squares of the images"],
    ["pixels that float32 does not hold", 1e300, "squares of the images"],
    ["learning rates", 1e4, "learning rates"],
  ])("by an update that would spoil the %s is stopped before it", async (_, learningRate, tensor) => {
    const { error } = await divergence({ ...wild, outer: { ...wild.outer, learningRate } });
    expect(error).toMatchObject({ step: 1, tensor });
    expect(error.message).toMatch(/ outer\.onDivergence halve$/);
    expect(error.message).toContain(`; try outer.learningRate ${learningRate / 2} or `);
    const initial = await distill({ ...wild, outer: { steps: 0 } }).result();
    expect(await setDigest(error.set!)).toBe(await setDigest(initial));
  });

  test("is told what helps this run", async () => {
    const later = await divergence(wild);
    const both = "outer.learningRate 15, the method's learning rate 0.5 or outer.onDivergence halve";
    expect(later.error.message).toContain(`; try outer.clip 2, ${both}`);
    const clipped = await divergence({ ...wild, outer: { ...wild.outer, clip: 2 } });
    expect(clipped.error.message).toContain(`; try ${both}`);
    const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1, learningRate: 100 });
    const first = await divergence({ ...wild, method });
    expect(first.error.step).toBe(1);
    expect(first.error.message).toMatch(/; try the method's learning rate 50$/);
  });
});

test("a run whose watcher throws keeps what was learned, too", async () => {
  for (const worker of [false, true]) {
    const onProgress = ({ step }: { step: number }) => {
      if (step > 2) throw new Error("enough");
    };
    const run = distill({
      ...wild,
      method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
      outer: { steps: 1000, batch: 60 },
      worker,
      onProgress,
    });
    await expect(run.result()).rejects.toThrow("enough");
    expect((await run.snapshot()).recipe.outerSteps).toBeGreaterThanOrEqual(3);
  }
});

describe("a pool that diverges", () => {
  // Steps that long lose the fifth network first.
  const options = {
    data,
    model: mlp({ input: [1, 6, 6], hidden: [8, 8, 8], classes: 3 }),
    networks: 12,
    epochs: 1,
    batch: 20,
    learningRate: 1e9,
    threads: 1,
  };

  test.each([
    ["in place", {}],
    ["in a worker", { worker: true }],
    ["on workers", { workers: 1 }],
  ])("%s keeps the networks that were trained before", async (_, where) => {
    const told: number[] = [];
    const error = await trainPool({ ...options, ...where, onNetwork: ({ network }) => void told.push(network) }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DivergedError);
    const { network, networks, message, step, tensor } = error as DivergedError;
    expect(message).toMatch(new RegExp(`^network ${network}, step ${step}: the ${tensor} (is|are) .*; lower the`));
    expect(network).toBeGreaterThan(0);
    expect(networks!.map((each) => each.network)).toEqual(Array.from({ length: network! }, (_, k) => k));
    expect(told).toEqual(networks!.map((each) => each.network));
  });

  test("in the last step of a network is seen, though no loss is computed after it", async () => {
    const last = { ...options, networks: 1, batch: 60, learningRate: 1e300 };
    await expect(trainPool(last)).rejects.toThrow(/^network 0, step 1: the weights are (NaN|-?Infinity); lower/);
  });
});
