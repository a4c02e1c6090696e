// Blocks in an order of chance: while distilling, and when a set is used.
import { afterAll, describe, expect, test } from "vitest";
import { batchInto } from "../../src/data/dataset.ts";
import { setDigest } from "../../src/distill/digest.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { fixedInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { blockOrder } from "../../src/inner/block-order.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { expectClose } from "../helpers.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const reference = await createEngine({ backend: "reference" });
const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 30 });
const model = halvesNet();
const init = fixedInit(5);
const seed = 7;
const loop = { steps: 4, epochs: 3, imagesPerClass: 1, learningRate: 0.1 };
const shuffled = backGradient({ ...loop, shuffle: true });
const options: DistillOptions = { data, model, method: shuffled, init, seed };

test("an order holds in each epoch every block once, and others in other epochs and networks", () => {
  const orders = Array.from({ length: 20 }, (_, index) =>
    blockOrder({ steps: 6, epochs: 5 }, { seed, purpose: "test", index }),
  );
  const epochs = orders.flatMap((order) => Array.from({ length: 5 }, (_, e) => order.slice(6 * e, 6 * e + 6)));
  for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(new Set(epochs.map(String)).size).toBeGreaterThan(80);
});

/** A set's blocks and learning rates, as one pass in `order`: what a shuffled run is to be the same as. */
function inOrder(set: DistilledSet, order: readonly number[]) {
  const [pixels, labels] = [set.images.length / set.steps, set.targets.length / set.steps];
  const block = (s: number) => ({
    images: set.images.slice(s * pixels, (s + 1) * pixels),
    targets: set.targets.slice(s * labels, (s + 1) * labels),
  });
  const rate = (t: number) => t - (t % set.steps) + order[t]!;
  return { steps: order.map(block), learningRates: order.map((_, t) => set.learningRates[rate(t)]!), rate };
}

describe("an outer step with shuffled blocks", () => {
  const adam = { learningRate: 100, beta1: 0.5, beta2: 0.999, eps: 10, batch: 30 };

  test("has the meta-gradient of these blocks in their order, each rate bound to its epoch and block", async () => {
    const run = (steps: number) => distill({ ...options, outer: { ...adam, steps }, engine: reference }).result();
    const start = { ...(await run(0)), learningRates: Float32Array.from({ length: 12 }, () => 0.1) };
    const [before, after] = [await run(0), await run(1)];
    const order = blockOrder(shuffled, { seed, purpose: "blocks/distil", index: 0 });
    const { steps, learningRates, rate } = inOrder(start, order);
    const parameters = (await trainOn(start, { model, init, engine: reference, epochs: 0 })).parameters;
    const images = new Float32Array(30 * 36);
    batchInto(
      data,
      Array.from({ length: 30 }, (_, i) => i),
      images,
    );
    const net = await reference.bind(model);
    const expected = await net.metaGradient({
      parameters,
      steps,
      learningRates,
      real: { images, targets: data.labels },
    });

    const pixels = new Float64Array(before.images.length);
    const rates = new Float64Array(12);
    order.forEach((block, t) => {
      expected.images[t]!.forEach((g, i) => {
        pixels[block * (pixels.length / 4) + i]! += g;
      });
      rates[rate(t)] = expected.learningRates[t]!;
    });
    const moved = (g: number) => (adam.learningRate * g) / (Math.abs(g) + adam.eps);
    const change = Array.from(before.images, (x, i) => x - after.images[i]!);
    expectClose(change, Array.from(pixels, moved), 1e-5, `images, seed ${seed}`);
    const raw = Array.from(before.learningRates, (eta) => Math.log(Math.expm1(eta)));
    const wanted = raw.map((r, t) => Math.log1p(Math.exp(r - moved(rates[t]! / (1 + Math.exp(-r))))));
    expectClose(after.learningRates, wanted, 1e-5, `learning rates, seed ${seed}`);
    expect(new Set(wanted.map((eta) => eta.toFixed(6))).size).toBe(12);
    expect(after.recipe.method).toMatchObject({ shuffle: true });
  });

  test("is the same bit for bit on workers, threads, and with activations made again", async () => {
    const some = { ...options, networksPerStep: 3, outer: { steps: 3, batch: 20 }, threads: 1 };
    const digest = await setDigest(await distill(some).result());
    const again = { ...some, method: backGradient({ ...loop, shuffle: true, memory: "recompute" }) };
    for (const other of [{ ...some, workers: 2 }, { ...some, threads: 3 }, again]) {
      expect(await setDigest(await distill(other).result())).toBe(digest);
    }
    expect(await setDigest(await distill({ ...some, method: backGradient(loop) }).result())).not.toBe(digest);
  });

  test.each([0, 0.5])("with momentum %d recomputes what it stores", async (momentum) => {
    const digest = async (memory: "store" | "recompute") =>
      setDigest(
        await distill({
          ...options,
          method: backGradient({ ...loop, shuffle: true, momentum, memory }),
          outer: { steps: 2, batch: 20 },
          engine,
        }).result(),
      );
    expect(await digest("recompute")).toBe(await digest("store"));
  });
});

describe("a set is used", async () => {
  const set = await distill({
    ...options,
    method: backGradient(loop),
    outer: { steps: 20, batch: 30 },
    engine,
  }).result();
  const theta = async (change: object) => (await trainOn(set, { model, init, engine, ...change })).parameters;

  test("in an order drawn by the seed, as its blocks in that order", async () => {
    const order = blockOrder(loop, { seed: 3, purpose: "blocks/evaluate", index: 0 });
    const { steps, learningRates } = inOrder(set, order);
    const asOnePass = {
      ...set,
      steps: 12,
      epochs: 1,
      images: Float32Array.from(steps.flatMap(({ images }) => [...images])),
      targets: Float32Array.from(steps.flatMap(({ targets }) => [...targets])),
      learningRates: Float32Array.from(learningRates),
    };
    const expected = (await trainOn(asOnePass, { model, init, engine })).parameters;
    expect(await theta({ order: "shuffled", seed: 3 })).toEqual(expected);
    expect(await theta({ order: "shuffled", seed: 4 })).not.toEqual(expected);
    expect(await theta({ order: "learned", seed: 3 })).toEqual(await theta({}));
  });

  test("for more passes than it was learned for, with its rates again, or for fewer", async () => {
    const rates = [...set.learningRates];
    const longer = { ...set, epochs: 7, learningRates: Float32Array.from([...rates, ...rates, ...rates.slice(0, 4)]) };
    expect(await theta({ epochs: 7 })).toEqual((await trainOn(longer, { model, init, engine })).parameters);
    const shorter = { ...set, epochs: 1, learningRates: set.learningRates.slice(0, 4) };
    expect(await theta({ epochs: 1 })).toEqual((await trainOn(shorter, { model, init, engine })).parameters);
    expect(await theta({ epochs: 3 })).toEqual(await theta({}));
  });

  test("not at all with no pass", async () => {
    // Rates that no weight feels.
    const still = { ...set, learningRates: set.learningRates.map(() => 1e-30) };
    const unmoved = (await trainOn(still, { model, init, engine })).parameters;
    expectClose(await theta({ epochs: 0 }), unmoved, 1e-25, "θ_0");
    expect(await theta({ epochs: 0, order: "shuffled" })).toEqual(await theta({ epochs: 0 }));
  });

  test("in both ways by evaluate, alike on workers", async () => {
    const judge = {
      set,
      model,
      init: { kind: "random", scheme: "xavier-normal" } as const,
      networks: 4,
      test: data,
      threads: 1,
    };
    for (const replay of [{ order: "shuffled" as const }, { epochs: 9 }, { epochs: 0 }]) {
      const inPlace = await evaluate({ ...judge, ...replay });
      expect(await evaluate({ ...judge, ...replay, workers: 2 })).toEqual(inPlace);
      expect(inPlace.accuracies).not.toEqual((await evaluate(judge)).accuracies);
    }
  });

  test("in no other way", async () => {
    await expect(theta({ order: "sorted" })).rejects.toThrow('"order" expected "learned" or "shuffled", got "sorted"');
    await expect(theta({ epochs: -1 })).rejects.toThrow('"epochs" expected');
  });
});
