// Networks that were trained before, as initial weights: which of them is drawn, what a recipe says of them, what is
// refused.
import { afterAll, describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { pretrained, type WeightSource } from "../../src/distill/weight-source.ts";
import { type WeightUse, writeWeights } from "../../src/distill/write-weights.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { estimateMemory } from "../../src/run/options/memory.ts";
import { paint } from "../helpers.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 60 });
const model = halvesNet();
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
const pool = Array.from({ length: 7 }, (_, k) => paint(model.parameterCount, 50 + k, 0.5));
const options = { data, model, method, outer: { steps: 2, batch: 40 }, seed: 3, threads: 1 };

/** Which network of the pool this is. */
async function drawn(init: WeightSource, use: WeightUse): Promise<number> {
  const values = await engine.arena.scope(() => {
    const theta = engine.arena.allocate(model.parameterCount);
    writeWeights(init, engine.backend, model, theta, use);
    return engine.backend.read(theta, model.parameterCount);
  });
  return pool.findIndex((weights) => weights[0] === values[0] && weights.at(-1) === values.at(-1));
}

describe("a random order", () => {
  test("is one, however much of it is asked for, and holds each place once", () => {
    const key = randomKey(1, "test", 5);
    const whole = randomOrder(20, 20, key);
    expect([...whole].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    for (const taken of [0, 1, 7, 19]) expect(randomOrder(20, taken, key)).toEqual(whole.slice(0, taken));
    expect(randomOrder(20, 20, randomKey(1, "test", 6))).not.toEqual(whole);
  });

  test("takes every place first about as often as any other", () => {
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 5000; i++) counts[randomOrder(5, 1, randomKey(9, "test", i))[0]!]!++;
    // Five standard deviations of a binomial count: 5·√(5000·0.2·0.8) = 141.
    for (const count of counts) expect(Math.abs(count - 1000), `counts ${counts}, seed 9`).toBeLessThan(141);
  });
});

describe("of a pool", () => {
  const init = pretrained(pool);

  test("an outer step draws its networks without replacement, other steps draw others", async () => {
    const network = (index: number) => drawn(init, { seed: 3, purpose: "distil", index, perStep: 4 });
    const steps = await Promise.all(
      Array.from({ length: 40 }, (_, step) => Promise.all([0, 1, 2, 3].map((k) => network(4 * step + k)))),
    );
    for (const networks of steps) expect(new Set(networks).size, `${networks}, seed 3`).toBe(4);
    expect(new Set(steps.flat()).size).toBe(7);
    expect(new Set(steps.map(String)).size).toBeGreaterThan(20);
  });

  test("an evaluation takes network k as its k-th, and no more than there are", async () => {
    const set = await distill({ ...options, init }).result();
    const evaluation = await evaluate({ set, model, init, networks: 200, test: data, threads: 1 });
    expect(evaluation.networks).toBe(7);
    const one = async (k: number) => {
      const { parameters } = await trainOn(set, { model, parameters: pool[k]!, engine });
      const alone = await evaluate({ set, model, init: pretrained([pool[k]!]), test: data, threads: 1 });
      expect((await trainOn(set, { model, init: pretrained([pool[k]!]), engine })).parameters).toEqual(parameters);
      return alone.accuracies[0]!;
    };
    expect(evaluation.accuracies).toEqual(await Promise.all(pool.map((_, k) => one(k))));
    expect(new Set(evaluation.accuracies).size).toBeGreaterThan(1);
  });

  test("the recipe names networks by number and digest, the same for the same weights only", async () => {
    const described = async (weights: readonly Float32Array[]) =>
      (await distill({ ...options, init: pretrained(weights), outer: { steps: 1, batch: 40 } }).result()).recipe.init;
    const all = await described(pool);
    expect(all).toEqual({
      kind: "pretrained",
      networks: 7,
      parameters: model.parameterCount,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await described(pool.map((weights) => weights.slice()))).toEqual(all);
    expect(await described([...pool].reverse())).not.toEqual(all);
    expect(JSON.stringify(all).length).toBeLessThan(200);
  });

  test("its bytes count in the plan, with workers twice", () => {
    const bytes = 7 * 4 * model.parameterCount;
    const total = (change: object) => estimateMemory({ ...options, ...change }).total;
    expect(total({ init }) - total({})).toBe(bytes);
    const workers = { workers: 2, networksPerStep: 2 };
    expect(total({ init, ...workers }) - total(workers)).toBe(2 * bytes);
  });
});

test.each(["store", "recompute"] as const)(
  "a set learned for one network with momentum serves it: %s",
  async (memory) => {
    const init = pretrained([pool[0]!]);
    const momentum = backGradient({ ...options.method, imagesPerClass: 1, momentum: 0.5, memory });
    const before = await distill({ ...options, method: momentum, init, outer: { steps: 0 } }).result();
    const set = await distill({ ...options, method: momentum, init, outer: { steps: 60, batch: 60 } }).result();
    const judge = { model, init, test: data, threads: 1 };
    const [first, last] = [await evaluate({ set: before, ...judge }), await evaluate({ set, ...judge })];
    expect(last.networks).toBe(1);
    expect(last.mean).toBeGreaterThan(first.mean + 0.2);
  },
);

test.each([1, 2, 3])("networks drawn from a pool give the same bytes on %i workers", async (workers) => {
  const three = { ...options, init: pretrained(pool), networksPerStep: 3 };
  const set = await distill(three).result();
  expect(await setDigest(await distill({ ...three, workers }).result())).toBe(await setDigest(set));
  const judge = { set, model, init: pretrained(pool), test: data, threads: 1 };
  expect(await evaluate({ ...judge, workers })).toEqual(await evaluate(judge));
});

describe("refused by name:", () => {
  test("no networks, networks of several lengths or of numbers that are not finite", () => {
    expect(() => pretrained([])).toThrow(new RangeError('"weights" expected at least one network, got none'));
    expect(() => pretrained([pool[0]!, new Float32Array(3)])).toThrow(
      /^"weights\[1\]" expected Float32Array of length/,
    );
    expect(() => pretrained([Float32Array.of(Number.NaN)])).toThrow(/^"weights\[0\]" expected finite values, got NaN/);
    expect(() => pretrained([[1, 2] as never])).toThrow(TypeError);
  });

  test("networks of another model, and more of them a step than there are", async () => {
    const init = pretrained([new Float32Array(5)]);
    const message = `"init" expected networks of ${model.parameterCount} parameters, as the model has, got 5`;
    expect(() => distill({ ...options, init })).toThrow(new RangeError(message));
    const set = await distill({ ...options, outer: { steps: 0 } }).result();
    await expect(evaluate({ set, model, init, test: data })).rejects.toThrow(message);
    await expect(trainOn(set, { model, init })).rejects.toThrow(message);
    expect(() => distill({ ...options, init: pretrained(pool), networksPerStep: 8 })).toThrow(
      new RangeError('"init" expected a pool of at least 8 networks, got 7'),
    );
  });
});
