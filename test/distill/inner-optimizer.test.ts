// Momentum and weight decay on their way from the method through the set to the networks trained on it.
import { afterAll, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { distilledFromBytes, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { backGradient, baseline, distill, fixedInit, randomInit, trainOn } from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 60 });
const model = halvesNet();
const init = fixedInit(3);
const optimizers = [
  { momentum: 0.9, weightDecay: 0 },
  { momentum: 0, weightDecay: 5e-4 },
  { momentum: 0.9, weightDecay: 5e-4 },
];

async function learned(optimizer: { momentum?: number; weightDecay?: number }) {
  const method = backGradient({ steps: 2, epochs: 3, imagesPerClass: 1, ...optimizer });
  return distill({ data, model, method, init, outer: { steps: 3, batch: 30 }, engine }).result();
}

describe.each(optimizers)("with momentum $momentum and weight decay $weightDecay", (optimizer) => {
  test("a set trains the network that its learning saw at the end of the inner loop", async () => {
    const set = await distilledFromBytes(distilledToSafetensors(await learned(optimizer)), "set");
    // No pass leaves the initial weights as they are.
    const { parameters } = await trainOn(set, { model, init, engine, epochs: 0 });
    const features = set.images.length / set.steps;
    const classes = set.targets.length / set.steps;
    const net = await engine.bind(model);
    const { parameters: expected } = await net.metaGradient({
      parameters,
      steps: Array.from({ length: set.steps }, (_, s) => ({
        images: set.images.slice(s * features, (s + 1) * features),
        targets: set.targets.slice(s * classes, (s + 1) * classes),
      })),
      epochs: set.epochs,
      learningRates: set.learningRates,
      ...optimizer,
      real: { images: set.images, targets: set.targets },
    });
    expect((await trainOn(set, { model, init, engine })).parameters).toEqual(expected);
    const { momentum: _, weightDecay: __, ...plain } = set;
    expect((await trainOn(plain, { model, init, engine })).parameters).not.toEqual(expected);
  });

  test("what the set was learned with is in it and in its recipe", async () => {
    const set = await learned(optimizer);
    expect(set.momentum ?? 0).toBe(optimizer.momentum);
    expect(set.weightDecay ?? 0).toBe(optimizer.weightDecay);
    expect(set.recipe.method).toMatchObject(optimizer);
  });
});

test("a baseline trains with the momentum of the set that it is held against", async () => {
  const set = await learned({ momentum: 0.9 });
  const compared = (like: typeof set) =>
    baseline({ kind: "random-real", model, init: randomInit(), test: data, engine, train: data, like, networks: 3 });
  const { momentum: _, ...plain } = set;
  expect((await compared(set)).accuracies).not.toEqual((await compared(plain)).accuracies);
});

test("μ = ω = 0 is the plain method: the same set, which names neither", async () => {
  const set = await learned({ momentum: 0, weightDecay: 0 });
  expect(set).toEqual(await learned({}));
  expect(set).not.toHaveProperty("momentum");
  expect(set).not.toHaveProperty("weightDecay");
});

describe("momentum and weight decay out of range are refused by name", async () => {
  const method = { steps: 1, epochs: 1, imagesPerClass: 1 };
  const net = await engine.bind(model);
  const block = { images: new Float32Array(36), targets: Uint8Array.of(0) };
  const problem = {
    parameters: new Float32Array(model.parameterCount),
    steps: [block],
    learningRates: [0.1],
    real: block,
  };
  const set = await learned({});

  test.each([
    [{ momentum: -0.1 }, '"momentum" expected a number >= 0 and < 1, got -0.1'],
    [{ momentum: 1 }, '"momentum" expected a number >= 0 and < 1, got 1'],
    [{ momentum: Number.NaN }, '"momentum" expected a number >= 0 and < 1, got NaN'],
    [{ weightDecay: -1 }, '"weightDecay" expected a finite number >= 0, got -1'],
    [{ weightDecay: Number.POSITIVE_INFINITY }, '"weightDecay" expected a finite number >= 0, got Infinity'],
  ])("%o", async (wrong, message) => {
    expect(() => backGradient({ ...method, ...wrong })).toThrow(new RangeError(message));
    await expect(net.metaGradient({ ...problem, ...wrong })).rejects.toThrow(new RangeError(message));
    const ofTheSet = new RangeError(message.replace('"', '"set.'));
    await expect(trainOn({ ...set, ...wrong }, { model, engine })).rejects.toThrow(ofTheSet);
  });
});
