// Trajectory matching as a method: experts out of a pool, what a set is, and that its bytes depend on neither threads nor workers.
import { afterAll, describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { type Experts, experts, type Trajectory } from "../../src/distill/experts.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import {
  type TrajectoryMatchingOptions,
  trajectoryMatching,
} from "../../src/distill/methods/trajectory-matching/options.ts";
import { pretrained, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainPool } from "../../src/run/in-place/train-pool.ts";
import { estimateMemory } from "../../src/run/options/memory.ts";
import { brightHalves } from "./halves.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 60 });
const held = brightHalves({ count: 60, seed: 2 });
const model = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
const training = { optimizer: "sgd", learningRate: 0.1, batch: 20, epochs: 4, keepEpochs: true } as const;
const pool = await trainPool({ data, model, init: randomInit("pytorch"), networks: 3, ...training, seed: 9, engine });
const init = experts(pool, "pytorch");
const small = { imagesPerClass: 2, steps: 4, expertEpochs: 1, maxStartEpoch: 3, learningRate: 0.05 } as const;
const learned = { ...small, subBatch: 4, labels: "learned", labelRate: 0.1, rateStep: 1 } as const;
const augmented = { ...learned, augment: ["color", "crop", "cutout", "flip", "scale", "rotate"] } as const;
const options = { data, model, init, outer: { steps: 4, learningRate: 1 }, networksPerStep: 2, seed: 3, threads: 1 };

/** Runs it in place. */
const run = (method: TrajectoryMatchingOptions, more: Partial<DistillOptions> = {}) =>
  distill({ ...options, ...more, method: trajectoryMatching(method) } as DistillOptions);
const digest = async (method: TrajectoryMatchingOptions, more: Partial<DistillOptions> = {}) =>
  setDigest(await run(method, more).result());

test("networks train on the set by SGD without momentum, at the rate that was learned, in batches as steps take them", async () => {
  const { training: fit, ...set } = await run(learned).result();
  expect(set).toMatchObject({ steps: 1, epochs: 0, imagesPerStep: 6, learningRates: new Float32Array(0) });
  expect(fit).toMatchObject({ optimizer: "sgd", momentum: 0, weightDecay: 0, batch: 4, epochs: 300, decayAt: [] });
  expect(fit!.learningRate).not.toBe(0.05);
  expect(Math.abs(fit!.learningRate / 0.05 - 1)).toBeLessThan(0.5);
  const own = { ...small, rate: "fixed", training: { epochs: 20, momentum: 0.9 } } as const;
  const { training: told } = await run(own).result();
  expect(told).toMatchObject({ batch: 6, epochs: 20, momentum: 0.9, weightDecay: 0 });
  expect(told!.learningRate).toBeCloseTo(0.05, 12);
  expect(told).not.toHaveProperty("augment");
});

test("networks train on images that are augmented as in the steps, unless the method says otherwise", async () => {
  const of = async (method: TrajectoryMatchingOptions) =>
    (await run(method, { outer: { steps: 0 } }).result()).training;
  expect(await of(augmented)).toMatchObject({ augment: augmented.augment, epochs: 300, batch: 4 });
  expect(await of({ ...augmented, training: { augment: ["crop"], epochs: 9 } })).toMatchObject({
    ...{ augment: ["crop"], epochs: 9, batch: 4 },
  });
});

test("the recipe names the experts by number, epochs and digest", async () => {
  const { recipe } = await run(small).result();
  expect(recipe.init).toEqual({
    ...{ kind: "experts", scheme: "pytorch", networks: 3, epochs: 4, parameters: model.parameterCount },
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(recipe.outer).toMatchObject({ optimizer: "sgd", learningRate: 1, momentum: 0.5, decayFactor: 1 });
});

describe("distilling gives the same bytes", () => {
  test.each([
    ["of pixels and rate", small],
    ["of pixels, labels and rate, from sub-batches", learned],
    ["of augmented sub-batches", augmented],
    ["of augmented images, all in each step", { ...small, augment: augmented.augment }],
  ])("%s on 1, 2 and 4 threads and on workers", async (_, method) => {
    const first = await digest(method);
    for (const threads of [2, 4]) expect(await digest(method, { threads })).toBe(first);
    expect(await digest(method, { workers: 2 })).toBe(first);
    expect(await digest(method, { seed: 4 })).not.toBe(first);
  });

  test("with less of the steps held", async () => {
    for (const method of [learned, augmented]) {
      expect(await digest({ ...method, memory: "recompute" })).toBe(await digest(method));
    }
  });

  test("from a state on as if it never stopped, and not with other experts", async () => {
    const whole = run(learned);
    let state: Awaited<ReturnType<typeof whole.state>> | undefined;
    for await (const { step } of whole) if (step === 2) state = await whole.state();
    expect(await digest(learned, { resume: state })).toBe(await setDigest(await whole.result()));
    const others = experts(init.trajectories.slice(1), "pytorch");
    await expect(digest(learned, { resume: state, init: others })).rejects.toThrow(
      /of a run with init\.networks 3 instead of 2/,
    );
    const [first, ...rest] = init.trajectories as [Trajectory, ...Trajectory[]];
    const changed = [first.map((theta, e) => (e === 1 ? theta.map((v) => v + 1e-3) : theta)), ...rest];
    const touched = { resume: state, init: experts(changed, "pytorch") };
    await expect(digest(learned, touched)).rejects.toThrow(/of a run with init\.sha256 /);
  });
});

test("distilling brings networks nearer to where experts come, and networks that were not seen learn from the set", async () => {
  const losses: number[] = [];
  const many = run({ ...small, init: "noise" }, { outer: { steps: 150, learningRate: 30 }, engine });
  for await (const { loss } of many) losses.push(loss);
  const mean = (some: readonly number[]) => some.reduce((a, b) => a + b) / some.length;
  expect(mean(losses.slice(-20))).toBeLessThan(0.8 * mean(losses.slice(0, 20)));
  const set = await many.result();
  const judged = { model, init: randomInit("pytorch"), test: held, networks: 3, engine };
  const { mean: accuracy } = await evaluate({ set, ...judged });
  const { mean: before } = await evaluate({ set, ...judged, epochs: 0 });
  expect(accuracy).toBeGreaterThan(0.75);
  expect(before).toBeLessThan(0.6);
  // Experts as the source of initial weights give the same random networks.
  expect((await evaluate({ set, ...judged, init })).accuracies).toEqual(
    (await evaluate({ set, ...judged })).accuracies,
  );
});

test("an estimate counts the weights of all experts, and those that workers share", () => {
  const bytes = (source: Experts | undefined, workers = 0) =>
    estimateMemory({ ...options, workers, method: trajectoryMatching(small), init: source }).data;
  const held = 4 * 3 * 5 * model.parameterCount;
  expect(bytes(init) - bytes(undefined)).toBe(held);
  expect(bytes(init, 2) - bytes(undefined, 2)).toBe(2 * held);
});

describe("refused are", () => {
  const with_ = (method: Partial<TrajectoryMatchingOptions>, more: Partial<DistillOptions> = {}) =>
    expect(() => run({ ...small, ...method }, more));

  test("experts that kept too few epochs, or that are no experts", () => {
    with_({ maxStartEpoch: 5 }).toThrow(
      '"init" expected experts of at least 5 epochs, for "maxStartEpoch" 5 and "expertEpochs" 1, got 4',
    );
    with_({}, { init: randomInit() }).toThrow('"init" expected what experts() gives, got kind "random"');
    with_({}, { init: undefined }).toThrow('"init" expected what experts() gives, got kind "random"');
    with_({}, { init: pretrained(pool) }).toThrow('"init" expected what experts() gives, got kind "pretrained"');
  });

  test("experts of another model, and experts that stand still", () => {
    const short = experts(init.trajectories.map((trajectory) => trajectory.map((theta) => theta.subarray(1))));
    const { parameterCount } = model;
    with_({}, { init: short }).toThrow(
      `networks of ${parameterCount} parameters, as the model has, got ${parameterCount - 1}`,
    );
    const [first, second] = init.trajectories as [Trajectory, Trajectory];
    const still = experts([first, [second[0]!, second[1]!, second[1]!, second[3]!, second[4]!]]);
    with_({}, { init: still }).toThrow("but expert 1 has the same after epochs 1 and 2");
  });

  test("experts for a method that does not match them", () => {
    const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
    expect(() => distill({ ...options, method })).toThrow(
      '"init" expected other networks than experts() gives, which back-gradient does not match',
    );
  });

  test("a pool without the weights of epochs", () => {
    expect(() => experts({})).toThrow(
      '"pool" expected the weights of each epoch, got none: train a pool with keepEpochs',
    );
    expect(() => experts([])).toThrow('"trajectories" expected at least one network, got none');
    expect(() => experts([[pool.weights[0]!]])).toThrow(
      "expected the weights before training and after at least one epoch",
    );
    const [first, second] = init.trajectories as [Trajectory, Trajectory];
    expect(() => experts([first, second.slice(1)])).toThrow(
      '"trajectories[1]" expected the weights of 4 epochs, got 3',
    );
    const wild = [first, second.map((theta) => theta.map(() => Number.NaN))];
    expect(() => experts(wild)).toThrow('"trajectories[1][0]" expected finite values');
  });

  test.each<[Partial<TrajectoryMatchingOptions>, string]>([
    [{ labelRate: 1 }, '"labelRate" expected nothing unless "labels" is "learned", got 1'],
    [{ rate: "fixed", rateStep: 1 }, '"rateStep" expected nothing unless "rate" is "learned", got 1'],
    [{ subBatch: 7 }, '"subBatch" expected at most the 6 images of the set, got 7'],
    [
      { augment: ["flip", "mirror"] as never },
      '"augment[1]" expected one of "color", "crop", "cutout", "flip", "scale", "rotate", got "mirror"',
    ],
    [{ steps: 0 }, '"steps" expected integer >= 1, got 0'],
    [{ maxStartEpoch: 0 }, '"maxStartEpoch" expected integer >= 1, got 0'],
  ])("%o", (given, message) => {
    with_(given).toThrow(message);
  });

  test("an augmentation of real images, of which there are none", () => {
    with_({}, { augment: { flip: true } }).toThrow('"augment" expected nothing with trajectory-matching');
  });
});
