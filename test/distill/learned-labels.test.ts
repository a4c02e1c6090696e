// Labels learned with the pixels: their gradient through a whole outer step, and sets of fewer images than classes.
import { afterAll, describe, expect, test } from "vitest";
import { batchInto } from "../../src/data/dataset.ts";
import { setDigest } from "../../src/distill/digest.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { backGradient, type InitialLabels } from "../../src/distill/methods/back-gradient/options.ts";
import { fixedInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { distilledFromBytes, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { expectClose, paint } from "../helpers.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const reference = await createEngine({ backend: "reference" });
const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 30 });
const model = halvesNet();
const init = fixedInit(5);
const seed = 7;
const loop = { steps: 2, epochs: 2, imagesPerStep: 2, learningRate: 0.1 };
const learned = backGradient({ ...loop, labels: "learned" });

/** Adam's first step, with eps far above the gradient g, is x − rate·g / (|g| + eps): g can be read off. */
const adam = { learningRate: 100, beta1: 0.5, beta2: 0.999, eps: 10 };
const options: DistillOptions = { data, model, method: learned, init, outer: { ...adam, steps: 1, batch: 30 }, seed };
const gradientOf = (before: ArrayLike<number>, after: ArrayLike<number>) =>
  Array.from(before, (x, i) => {
    const moved = x - after[i]!;
    return (adam.eps * moved) / (adam.learningRate - Math.abs(moved));
  });

describe("one outer step in float64", async () => {
  const run = (change: Partial<DistillOptions> = {}) => distill({ ...options, engine: reference, ...change }).result();
  const start = await run({ outer: { steps: 0 } });
  const after = await run();
  const theta = (await trainOn(start, { model, init, engine: reference, epochs: 0 })).parameters;
  const net = await reference.bind(model);
  const real = new Float32Array(30 * 36);
  batchInto(
    data,
    Array.from({ length: 30 }, (_, i) => i),
    real,
  );

  /** The outer loss where labels are what they were, plus `by` in direction `along`. */
  async function loss(along: ArrayLike<number>, by: number): Promise<number> {
    const targets = Float64Array.from(start.targets, (value, i) => value + by * along[i]!);
    const result = await net.metaGradient({
      parameters: theta,
      steps: [0, 1].map((s) => ({
        images: start.images.subarray(s * 72, (s + 1) * 72),
        targets: targets.subarray(s * 6, (s + 1) * 6),
      })),
      epochs: 2,
      learningRates: start.learningRates,
      real: { images: real, targets: data.labels },
    });
    return result.loss;
  }

  test("moves labels along the gradient that differences of its loss give, entry by entry and along a direction", async () => {
    const gradient = gradientOf(start.targets, after.targets);
    const difference = async (along: ArrayLike<number>) =>
      ((await loss(along, 1e-5)) - (await loss(along, -1e-5))) / 2e-5;
    const expected: number[] = [];
    for (let i = 0; i < 12; i++) {
      expected.push(await difference(Array.from({ length: 12 }, (_, j) => (i === j ? 1 : 0))));
    }
    // Labels after the step are rounded to float32: 6e-8 of values near 1, against moves of 10 times the gradient.
    expectClose(gradient, expected, 1e-5, `seed ${seed}`);
    const along = paint(12, 3);
    const slope = gradient.reduce((sum, g, i) => sum + g * along[i]!, 0);
    expectClose(
      [slope],
      [await difference(along)],
      1e-5,
      `direction, seed ${seed}`,
      Math.max(...gradient.map(Math.abs)),
    );
  });

  test("moves labels along half the gradient where the gradient is clipped at half its norm", async () => {
    const clipped = await run({ outer: { ...options.outer, clip: 0.5 } });
    const half = gradientOf(start.targets, after.targets).map((g) => g / 2);
    expectClose(gradientOf(start.targets, clipped.targets), half, 1e-5, `seed ${seed}`);
  });

  test("moves pixels and learning rates as with fixed labels", async () => {
    const fixed = await run({ method: backGradient(loop) });
    expect(fixed.targets).toEqual(start.targets);
    expect(after.images).toEqual(fixed.images);
    expect(after.learningRates).toEqual(fixed.learningRates);
  });
});

describe("a set with learned labels", () => {
  const three = { ...options, networksPerStep: 3, outer: { steps: 4, batch: 20, learningRate: 0.05 }, threads: 1 };

  test.each([
    ["on 2 workers", { workers: 2 }],
    ["on 3 threads", { threads: 3 }],
    ["with activations made again", { method: backGradient({ ...loop, labels: "learned", memory: "recompute" }) }],
  ])("is the same bit for bit %s", async (_, change) => {
    const digest = await setDigest(await distill(three).result());
    expect(await setDigest(await distill({ ...three, ...change }).result())).toBe(digest);
  });

  test("with momentum trains the network that its learning saw, also from a file", async () => {
    const method = backGradient({ ...loop, labels: "learned", momentum: 0.5 });
    const set = await distill({ ...three, method, engine }).result();
    const saved = await distilledFromBytes(distilledToSafetensors(set), "set");
    expect(saved).toEqual(set);
    expect(set.recipe.method).toMatchObject({ labels: "learned", imagesPerStep: 2 });
    const net = await engine.bind(model);
    const { parameters } = await trainOn(set, { model, init, engine, epochs: 0 });
    const blocks = [0, 1].map((s) => ({
      images: set.images.slice(s * 72, (s + 1) * 72),
      targets: set.targets.slice(s * 6, (s + 1) * 6),
    }));
    const { learningRates, epochs } = set;
    const real = { images: set.images, targets: set.targets };
    const expected = await net.metaGradient({ parameters, steps: blocks, epochs, learningRates, momentum: 0.5, real });
    expect((await trainOn(saved, { model, init, engine })).parameters).toEqual(expected.parameters);
  });

  test("of two images teaches three classes by soft labels", async () => {
    const method = backGradient({ steps: 1, epochs: 3, imagesPerStep: 2, learningRate: 0.1, labels: "learned" });
    const set = await distill({
      ...options,
      method,
      outer: { steps: 150, batch: 30, learningRate: 0.05 },
      engine,
    }).result();
    expect(set.targets).toHaveLength(6);
    expect(set.targets.every((value) => value !== 0 && value !== 1)).toBe(true);
    const test = brightHalves({ count: 60, seed: 2 });
    expect((await evaluate({ set, model, init, test, engine })).mean).toBeGreaterThan(0.9);
  });
});

describe("labels begin", () => {
  async function labels(change: object, initialLabels?: InitialLabels): Promise<number[]> {
    const method = backGradient({ ...loop, ...change, ...(initialLabels && { initialLabels }) });
    const set: DistilledSet = await distill({ ...options, method, engine, outer: { steps: 0 } }).result();
    return Array.from({ length: set.steps * set.imagesPerStep }, (_, i) =>
      set.targets.subarray(3 * i, 3 * i + 3).indexOf(1),
    );
  }

  test("spread over the classes, as many images of each as there can be", async () => {
    expect(await labels({ imagesPerStep: undefined, imagesPerClass: 2 })).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    expect(await labels({ imagesPerStep: 2 })).toEqual([0, 1, 0, 1]);
    expect(await labels({ imagesPerStep: 4 })).toEqual([0, 0, 1, 2, 0, 0, 1, 2]);
  });

  test("as chosen, or drawn for each image by the seed", async () => {
    expect(await labels({}, [2, 1])).toEqual([2, 1, 2, 1]);
    const drawn = await labels({ imagesPerStep: 20 }, "random");
    expect(drawn).toEqual(await labels({ imagesPerStep: 20 }, "random"));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]));
    expect(drawn.slice(0, 20)).not.toEqual(drawn.slice(20));
  });

  test.each([
    [{ initialLabels: [0, 1, 2] }, '"initialLabels" expected 2 classes, one for each image, got 3'],
    [{ initialLabels: [0, 3] }, '"initialLabels" expected classes < 3, got 3'],
    [{ initialLabels: [0, 0.5] }, '"initialLabels[1]" expected'],
    [{ initialLabels: "sorted" }, '"initialLabels" expected "even", "random" or an array of classes, got "sorted"'],
    [{ labels: "soft" }, '"labels" expected "fixed" or "learned", got "soft"'],
    [{ imagesPerClass: 1 }, '"imagesPerStep" expected nothing beside "imagesPerClass", got 2'],
    [{ imagesPerStep: 0 }, '"imagesPerStep" expected'],
    [{ imagesPerStep: undefined }, '"imagesPerClass" expected'],
  ])("or are refused by name: %o", (wrong, message) => {
    expect(() => distill({ ...options, method: backGradient({ ...loop, ...wrong } as never) })).toThrow(message);
  });
});
