// Two choices that a whole run carries with it: the loss, from the inner steps to evaluation, and dropout's masks.
import { afterAll, describe, expect, test } from "vitest";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import type { TrajectoryMemory } from "../../src/inner/segments.ts";
import { tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import type { Loss } from "../../src/nn/loss.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { brightHalves } from "./halves.ts";

const size = { classes: 2, size: 4 };
const train = brightHalves({ ...size, count: 200, seed: 1 });
const held = brightHalves({ ...size, count: 100, seed: 2 });
const init = randomInit();
const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

/** A smooth network of some fifty parameters, with a dropout layer if p is given. */
const net = (p?: number): Model =>
  sequential(
    [1, 4, 4],
    [
      conv2d({ out: 4, kernel: 3, padding: 1 }),
      tanh(),
      avgPool2d({ kernel: 2 }),
      flatten(),
      ...(p === undefined ? [] : [dropout({ p })]),
      linear({ out: 2 }),
    ],
  );

function distilled(
  options: {
    model?: Model;
    loss?: Loss;
    steps?: number;
    seed?: number;
    engine?: Engine;
    memory?: TrajectoryMemory;
  } = {},
): Promise<DistilledSet> {
  const { model = net(), steps = 5, memory = "store", ...rest } = options;
  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1, memory });
  const outer = { steps, batch: 100, learningRate: 0.05 };
  return distill({ data: train, model, method, init, outer, engine, ...rest }).result();
}

describe("mean squared error", async () => {
  const model = net();
  const set = await distilled({ loss: "mse", steps: 200 });
  const options = { model, init, networks: 10, engine };

  test("distils a set that teaches fresh networks, and evaluation trains with it unless told otherwise", async () => {
    const evaluation = await evaluate({ ...options, set, test: held });
    // Measured: 0.95.
    expect(evaluation.mean).toBeGreaterThan(0.85);
    expect(await evaluate({ ...options, set, test: held, loss: "mse" })).toEqual(evaluation);
    const other = { ...set, recipe: {} };
    expect(await evaluate({ ...options, set: other, test: held, loss: "mse" })).toEqual(evaluation);
    const [trained, same, otherwise] = [
      await trainOn(set, { model, engine }),
      await trainOn(other, { model, engine, loss: "mse" }),
      await trainOn(other, { model, engine }),
    ];
    expect(same.parameters).toEqual(trained.parameters);
    expect(otherwise.parameters).not.toEqual(trained.parameters);
  });

  test("is what the random real baseline trains with, unless told otherwise", async () => {
    const common = { ...options, kind: "random-real" as const, train, test: held, networks: 2 };
    const { recipe: _, ...like } = set;
    const result = await baseline({ ...common, like: set });
    expect(await baseline({ ...common, like, loss: "mse" })).toEqual(result);
  });

  test("is in the recipe, as cross-entropy is", async () => {
    expect(set.recipe.loss).toBe("mse");
    const plain = await distilled();
    expect(plain.recipe.loss).toBe("cross-entropy");
    expect(plain.images).toEqual((await distilled({ loss: "cross-entropy" })).images);
    expect(plain.images).not.toEqual((await distilled({ loss: "mse" })).images);
  });

  test("of an unknown name is refused", async () => {
    const loss = "hinge" as Loss;
    const message = '"loss" expected "cross-entropy" or "mse", got "hinge"';
    expect(() =>
      distill({ data: train, model, method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }), loss }),
    ).toThrow(new RangeError(message));
    await expect(evaluate({ ...options, set, test: held, loss })).rejects.toThrow(new RangeError(message));
    await expect(trainOn(set, { model, engine, loss })).rejects.toThrow(new RangeError(message));
    const foreign = { ...set, recipe: { loss: "hinge" } };
    await expect(trainOn(foreign, { model, engine })).rejects.toThrow(
      new RangeError('"recipe.loss" expected "cross-entropy" or "mse", got "hinge"'),
    );
  });
});

describe("dropout", () => {
  test("gives the same bits on any number of threads, stored or recomputed", async () => {
    const expected = await distilled({ model: net(0.3) });
    for (const threads of [1, 2, 3]) {
      await using other = await createEngine({ threads });
      for (const memory of ["store", "recompute"] as const) {
        const { images, learningRates } = await distilled({ model: net(0.3), engine: other, memory });
        expect(images).toEqual(expected.images);
        expect(learningRates).toEqual(expected.learningRates);
      }
    }
  });

  test("changes a run, and one of p = 0 does not", async () => {
    const plain = await distilled({ model: net() });
    expect((await distilled({ model: net(0) })).images).toEqual(plain.images);
    expect((await distilled({ model: net(0.3) })).images).not.toEqual(plain.images);
  });

  test("still distils a set that teaches fresh networks; the same seed evaluates alike", async () => {
    const model = net(0.2);
    const set = await distilled({ model, steps: 200 });
    const options = { set, model, init, networks: 10, test: held, engine };
    const evaluation = await evaluate(options);
    // Measured: 0.97.
    expect(evaluation.mean).toBeGreaterThan(0.85);
    expect(await evaluate(options)).toEqual(evaluation);
  });

  test("is on while a network is trained, and off when it predicts", async () => {
    const set = await distilled({ model: net(0.3) });
    const [dropped, plain] = [
      await trainOn(set, { model: net(0.3), engine }),
      await trainOn(set, { model: net(), engine }),
    ];
    expect(dropped.parameters).not.toEqual(plain.parameters);
    const images = Float32Array.from({ length: 32 }, (_, i) => (i % 5) - 2);
    const expected = await (await engine.bind(net())).forward({ parameters: dropped.parameters, images });
    expect((await dropped.predict(images)).logits).toEqual(expected.logits);
  });
});
