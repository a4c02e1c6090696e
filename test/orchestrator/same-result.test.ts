// In an orchestrator every call gives what it gives in place, to the bit.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  backGradient,
  baseline,
  createEngine,
  distill,
  type Engine,
  evaluate,
  judge,
  nearestNeighbors,
  randomInit,
  ShapeError,
  setDigest,
  trainOn,
  trainPool,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { paint } from "../helpers.ts";

const data = brightHalves({ count: 120 });
const held = brightHalves({ count: 50, seed: 2 });
const model = halvesNet();
const init = randomInit();
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
const options = { data, model, method, outer: { steps: 5, batch: 50 }, networksPerStep: 2, seed: 1 };
const set = await distill({ ...options, threads: 1 }).result();

let there: Engine;
let here: Engine;
beforeAll(async () => {
  there = await createEngine({ worker: true, threads: 2 });
  here = await createEngine({ threads: 1 });
});
afterAll(async () => {
  await there?.dispose();
  await here?.dispose();
});

/** A call's result there and here. */
const both = async <T>(call: (engine: Engine) => Promise<T>): Promise<[T, T]> => [await call(there), await call(here)];

describe("in a worker", () => {
  test("a set has the same bytes, on an engine that is given and on one of its own", async () => {
    const digest = await setDigest(set);
    expect(there.threads).toBe(2);
    for (const where of [{ engine: there }, { worker: true }, { worker: true, workers: 2 }]) {
      const run = distill({ ...options, ...where });
      expect(await setDigest(await run.result())).toBe(digest);
      expect(await setDigest(await run.snapshot())).toBe(digest);
    }
  });

  test.each([
    ["evaluate", (engine: Engine) => evaluate({ set, model, init, networks: 3, test: held, engine })],
    [
      "baseline",
      (engine: Engine) =>
        baseline({ kind: "random-real", train: data, test: held, model, init, like: set, networks: 2, engine }),
    ],
    [
      "judge",
      (engine: Engine) =>
        judge({
          ...{ set, protocol: "dc-bench", model, train: data, test: held, epochs: 2, engine },
          ...{ baselines: ["random-soft"], architectures: { again: halvesNet() } },
        }),
    ],
    ["nearestNeighbors", (engine: Engine) => nearestNeighbors({ points: set, train: data, test: held, engine })],
    [
      "trainPool",
      (engine: Engine) => trainPool({ data, test: held, model, networks: 2, epochs: 2, batch: 40, engine }),
    ],
  ])("%s gives the same", async (_, call) => {
    const [elsewhere, inPlace] = await both<unknown>(call);
    expect(elsewhere).toEqual(inPlace);
  });

  test("trainOn gives the same network, which predicts the same", async () => {
    const [elsewhere, inPlace] = await both((engine) => trainOn(set, { model, engine }));
    expect(elsewhere.parameters).toEqual(inPlace.parameters);
    // A view of a larger array: only what it shows crosses.
    const images = paint(3 * model.inputShape[1] * model.inputShape[2] + 100, 5).subarray(100);
    expect(await elsewhere.predict(images)).toEqual(await inPlace.predict(images));
  });

  test("a bound network gives the same logits, gradients, products and meta-gradients", async () => {
    const [elsewhere, inPlace] = await both((engine) => engine.bind(model, { loss: "mse" }));
    const features = model.inputShape[1] * model.inputShape[2];
    const [parameters, vector, images] = [model.parameterCount, model.parameterCount, 4 * features].map((n, i) =>
      paint(n, i + 1),
    );
    const input = { parameters: parameters!, images: images!, targets: Uint8Array.of(0, 1, 1, 0) };
    const block = { images: input.images, targets: input.targets };
    const steps = { parameters: input.parameters, steps: [block], learningRates: [0.1], real: block };
    expect(await elsewhere.forward(input)).toEqual(await inPlace.forward(input));
    expect(await elsewhere.gradients(input)).toEqual(await inPlace.gradients(input));
    const product = { ...input, vector: vector! };
    expect(await elsewhere.hessianVectorProduct(product)).toEqual(await inPlace.hessianVectorProduct(product));
    expect(await elsewhere.metaGradient(steps)).toEqual(await inPlace.metaGradient(steps));
    const several = { ...input, parameters: [input.parameters, vector!], vectors: [vector!, input.parameters] };
    expect(await elsewhere.hessianVectorProducts(several)).toEqual(await inPlace.hessianVectorProducts(several));
    const { features: there } = await elsewhere.features(input);
    expect({ features: there }).toEqual(await inPlace.features(input));
    const back = { parameters: input.parameters, images: input.images, cotangents: there };
    expect(await elsewhere.featureGradients(back)).toEqual(await inPlace.featureGradients(back));
    // What was given is still there.
    expect(images).toHaveLength(4 * features);
  });

  test("errors have their class and message", async () => {
    const network = await there.bind(model);
    const wrong = { parameters: new Float32Array(3), images: new Float32Array(3) };
    await expect(network.forward(wrong)).rejects.toThrow(RangeError);
    await expect(network.forward(wrong)).rejects.toThrow('"parameters" expected');
    const other = brightHalves({ count: 20, seed: 3 });
    const strange = {
      ...other,
      channels: 3,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      pixels: new Uint8Array(3 * other.pixels.length),
    };
    await expect(evaluate({ set, model, init, test: strange, engine: there })).rejects.toThrow(ShapeError);
  });
});
