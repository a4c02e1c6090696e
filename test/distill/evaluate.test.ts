// evaluate() and trainOn(): networks that learn from a set alone, in its order.
import { afterAll, describe, expect, test } from "vitest";
import { batchInto, type Dataset } from "../../src/data/dataset.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { fixedInit, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { ShapeError } from "../../src/errors.ts";
import { predictedClasses } from "../../src/evaluate/test-images.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { estimateMemory } from "../../src/run/options/memory.ts";
import { expectClose, paint } from "../helpers.ts";
import { brightHalves, halvesNet } from "./halves.ts";
import { noise } from "./noise.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const model = halvesNet();
const real = { train: brightHalves({ count: 120, seed: 1 }), test: brightHalves({ count: 101, seed: 2 }) };
const set = await distill({
  data: real.train,
  model,
  method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.2 }),
  outer: { steps: 60, batch: 120, learningRate: 0.05 },
  seed: 3,
  engine,
}).result();
const init = randomInit();
const common = { set, model, init, test: real.test, engine };

/** A run of LeNet with ten inner steps. */
const lenets = await (async () => {
  const method = backGradient({ steps: 10, epochs: 1, imagesPerClass: 1 });
  const run = { data: noise({ count: 90 }), model: lenet(), method, outer: { steps: 1, batch: 60 } };
  return { run, test: noise({ count: 70, seed: 2 }), set: await distill({ ...run, engine }).result() };
})();

function imagesOf(data: Dataset): Float32Array {
  const images = new Float32Array(data.count * data.height * data.width);
  batchInto(
    data,
    Array.from({ length: data.count }, (_, i) => i),
    images,
  );
  return images;
}

function accuracy(classes: Uint8Array, { labels }: Dataset): number {
  return classes.filter((label, i) => label === labels[i]).length / labels.length;
}

describe("evaluate", () => {
  test("reports accuracies, their mean and their unbiased standard deviation", async () => {
    const { networks, accuracies, mean, std } = await evaluate({ ...common, networks: 8, seed: 1 });
    expect(networks).toBe(8);
    expect(accuracies).toHaveLength(8);
    for (const value of accuracies) expect(value * 101).toBeCloseTo(Math.round(value * 101), 9);
    const average = accuracies.reduce((sum, value) => sum + value, 0) / 8;
    const squares = accuracies.reduce((sum, value) => sum + (value - average) ** 2, 0);
    expect(mean).toBeCloseTo(average, 12);
    expect(std).toBeCloseTo(Math.sqrt(squares / 7), 12);
    expect(std).toBeGreaterThan(0);
    expect(mean).toBeGreaterThan(0.6);
  });

  test("gives the same numbers again, on any number of threads, and others for another seed", async () => {
    const first = await evaluate({ ...common, networks: 4, seed: 1 });
    expect(await evaluate({ ...common, networks: 4, seed: 1 })).toEqual(first);
    const { engine: _, ...own } = common;
    for (const threads of [1, 2, 3, 4]) {
      expect(await evaluate({ ...own, threads, networks: 4, seed: 1 }), `${threads} threads`).toEqual(first);
    }
    expect((await evaluate({ ...common, networks: 4, seed: 2 })).accuracies).not.toEqual(first.accuracies);
  });

  test("reads every image alike, one network a thread or all threads on one: LeNets on 1, 2 and 4 threads", async () => {
    const { test } = lenets;
    // The last of five has all threads for itself.
    const options = {
      set: lenets.set,
      model: lenet(),
      init,
      networks: 5,
      test,
      perClass: true,
      order: "shuffled",
    } as const;
    const { confusions, accuracies } = await evaluate({ ...options, threads: 1 });
    expect(new Set(accuracies).size).toBeGreaterThan(1);
    for (const threads of [2, 4]) {
      expect((await evaluate({ ...options, threads })).confusions, `${threads} threads`).toEqual(confusions);
    }
  });

  test.each([1, 2, 4])("takes no more memory than the run before it, on %i threads", async (threads) => {
    await using own = await createEngine({ threads });
    const { set: made, test } = lenets;
    await distill({ ...lenets.run, engine: own }).result();
    const { capacity } = own.backend;
    expect(4 * capacity).toBeLessThanOrEqual(estimateMemory({ ...lenets.run, engine: own }).total);
    await evaluate({ set: made, model: lenet(), init, networks: 5, test, engine: own });
    expect(own.backend.capacity).toBe(capacity);
  });

  test("stops between the steps of networks that threads train side by side, and can go on", async () => {
    await using own = await createEngine({ threads: 2 });
    const options = { set: lenets.set, model: lenet(), init, networks: 2, test: lenets.test, engine: own };
    const first = await evaluate(options);
    const call = evaluate({ ...options, epochs: 3000, signal: AbortSignal.timeout(150) });
    await expect(call).rejects.toThrow(/timeout|aborted/i);
    expect(own.arena.used).toBe(0);
    expect(await evaluate(options)).toEqual(first);
  });

  test("asks more networks without changing the first ones", async () => {
    const { accuracies } = await evaluate({ ...common, networks: 6, seed: 1 });
    expect((await evaluate({ ...common, networks: 3, seed: 1 })).accuracies).toEqual(accuracies.slice(0, 3));
  });

  test("has one network where it is fixed, and no deviation", async () => {
    const { networks, accuracies, std } = await evaluate({ ...common, init: fixedInit(1), networks: 20 });
    expect([networks, accuracies.length, std]).toEqual([1, 1, 0]);
  });

  test("tells its progress", async () => {
    const told: unknown[] = [];
    const { accuracies } = await evaluate({ ...common, networks: 3, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual(accuracies.map((value, i) => ({ network: i + 1, networks: 3, accuracy: value })));
  });

  test("stops with the signal's reason", async () => {
    const stop = new AbortController();
    const call = evaluate({
      ...common,
      networks: 9,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(call).rejects.toThrow("enough");
  });

  test("gives back the engine's memory, also when it fails", async () => {
    const used = engine.arena.used;
    await evaluate({ ...common, networks: 2 });
    await expect(evaluate({ ...common, networks: 2, signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(evaluate({ ...common, model: halvesNet({ size: 8 }) })).rejects.toThrow();
    expect(engine.arena.used).toBe(used);
  });

  test("refuses what does not fit", async () => {
    await expect(evaluate({ ...common, networks: 0 })).rejects.toThrow(RangeError);
    await expect(evaluate({ ...common, seed: -1 })).rejects.toThrow(RangeError);
    await expect(evaluate({ ...common, model: halvesNet({ classes: 2 }) })).rejects.toThrow(ShapeError);
  });
});

describe("trainOn", () => {
  test("gives a network that predicts as the one evaluate tested", async () => {
    for (const seed of [0, 1, 2]) {
      const network = await trainOn(set, { model, init, seed, engine });
      const { classes, logits } = await network.predict(imagesOf(real.test));
      expect(classes).toEqual(predictedClasses(logits, 3));
      const { accuracies } = await evaluate({ ...common, networks: 1, seed });
      expect(accuracy(classes, real.test), `seed ${seed}`).toBe(accuracies[0]);
    }
  });

  test("takes gradient steps in the saved order: step t on block t mod steps with learning rate t", async () => {
    const parameters = paint(model.parameterCount, 5, 0.3);
    const { parameters: trained } = await trainOn(set, { model, parameters, engine });
    await using exact = await createEngine({ backend: "reference" });
    const net = await exact.bind(model);
    const by = async (order: readonly number[]) => {
      let theta = Float64Array.from(parameters);
      for (const [t, block] of order.entries()) {
        const images = set.images.subarray(block * 3 * 36, (block + 1) * 3 * 36);
        const targets = set.targets.subarray(block * 9, (block + 1) * 9);
        const gradient = (await net.gradients({ parameters: theta, images, targets })).parameters;
        theta = theta.map((value, i) => value - set.learningRates[t]! * gradient[i]!);
      }
      return theta;
    };
    expectClose(trained, await by([0, 1, 0, 1]), 1e-5, "θ_T, seed 5");
    // And the test could tell: the blocks the other way round lead elsewhere.
    const other = await by([1, 0, 1, 0]);
    expect(Math.max(...other.map((value, i) => Math.abs(value - trained[i]!)))).toBeGreaterThan(1e-2);
  });

  test("takes the weights it is given, and leaves them as they were", async () => {
    const parameters = paint(model.parameterCount, 6, 0.3);
    const copy = parameters.slice();
    const network = await trainOn(set, { model, parameters, engine });
    expect(parameters).toEqual(copy);
    expect(network.parameters).toHaveLength(model.parameterCount);
    expect(network.parameters).not.toEqual(copy);
  });

  test("gives back the engine's memory, and the engine where it made one", async () => {
    const used = engine.arena.used;
    const network = await trainOn(set, { model, engine });
    await network.predict(imagesOf(real.test));
    await expect(trainOn(set, { model: lenet(), engine })).rejects.toThrow(ShapeError);
    expect(engine.arena.used).toBe(used);
    await network.dispose();
    await network.predict(imagesOf(real.test));

    const own = await trainOn(set, { model, threads: 1 });
    await own.dispose();
    await expect(own.predict(imagesOf(real.test))).rejects.toThrow(/dispose/);
  });

  test("refuses what does not fit", async () => {
    const call = trainOn(set, { model, parameters: new Float32Array(3), engine });
    await expect(call).rejects.toThrow(`"parameters" expected Float32Array of length ${model.parameterCount}, got 3`);
    await expect(trainOn(set, { model: halvesNet({ size: 8 }), engine })).rejects.toThrow(
      new ShapeError("the model expects images [1,8,8] of 3 classes, the set has [1,6,6] of 3"),
    );
    const network = await trainOn(set, { model, engine });
    await expect(network.predict(new Float32Array(35))).rejects.toThrow(RangeError);
  });
});

test("predictedClasses takes the first of equal logits", () => {
  expect(predictedClasses([1, 3, 3, 0, 0, 0, -2, -1, -1], 3)).toEqual(Uint8Array.of(1, 0, 1));
});
