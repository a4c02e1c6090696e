// Several products with the Hessian in one call: the bits of single calls, with less work.
import { afterAll, describe, expect, test } from "vitest";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { reference } from "../gradients/differences.ts";
import { drawChain, fillWithNaN } from "../gradients/random-chains.ts";
import { paint } from "../helpers.ts";

const engines = [reference, ...(await Promise.all([1, 2].map((threads) => createEngine({ threads }))))];
afterAll(async () => {
  for (const engine of engines.slice(1)) await engine.dispose();
});

describe.each(engines)(
  "on $backend.name with $threads threads, random chains have the bits of single calls",
  (engine) => {
    test.each(Array.from({ length: 12 }, (_, i) => 8000 + i))("of seed %i", async (seed) => {
      const { model, loss, problem, dropoutSeed, label } = await drawChain(seed);
      const net = await engine.bind(model, { loss });
      const { images, targets } = problem.steps[0]!;
      const chance = dropoutSeed === undefined ? {} : { dropoutSeed };
      const batch = { images, targets, ...chance };
      const vectors = [1, 2, 3, 4].map((k) => paint(model.parameterCount, seed + k));
      const other = Float64Array.from(problem.parameters, (value) => 0.9 * value);
      for (const parameters of [
        problem.parameters,
        [problem.parameters, problem.parameters, other, problem.parameters],
      ]) {
        const expected = [];
        for (const [k, vector] of vectors.entries()) {
          const theta = Array.isArray(parameters) ? parameters[k]! : parameters;
          fillWithNaN(engine.backend);
          expected.push(await net.hessianVectorProduct({ ...batch, parameters: theta, vector }));
        }
        fillWithNaN(engine.backend);
        expect(await net.hessianVectorProducts({ ...batch, parameters, vectors }), label).toEqual(expected);
      }
    });
  },
);

test("directions at one network share its passes: one for a θ, one of tangents for a vector", async () => {
  const { backend } = await createEngine({ threads: 1 });
  const calls = { passes: 0, tangents: 0 };
  const ops = {
    ...backend.ops,
    crossEntropy: (...args: Parameters<typeof backend.ops.crossEntropy>) => {
      calls.passes++;
      backend.ops.crossEntropy(...args);
    },
    crossEntropyR: (...args: Parameters<typeof backend.ops.crossEntropyR>) => {
      calls.tangents++;
      backend.ops.crossEntropyR(...args);
    },
  };
  const engine = new Engine(
    new Proxy(backend, {
      get(target, name) {
        const value: unknown = name === "ops" ? ops : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  );
  const model = lenet();
  const net = await engine.bind(model);
  const [first, second] = [paint(model.parameterCount, 1, 0.1), paint(model.parameterCount, 2, 0.1)];
  const vectors = [3, 4, 5].map((seed) => paint(model.parameterCount, seed));
  const batch = { images: paint(2 * 784, 6), targets: Uint8Array.of(3, 7) };
  await net.hessianVectorProducts({ ...batch, parameters: first, vectors });
  expect(calls).toEqual({ passes: 1, tangents: 3 });
  await net.hessianVectorProducts({ ...batch, parameters: [first, first, second], vectors });
  expect(calls).toEqual({ passes: 3, tangents: 6 });
  expect(engine.arena.used).toBe(0);
  await engine.dispose();
});

describe("are refused by name", () => {
  const model = lenet();
  const parameters = paint(model.parameterCount, 1);
  const batch = { images: paint(784, 2), targets: Uint8Array.of(3) };
  const short = new Float32Array(3);
  test.each<[string, object, string, string]>([
    ["no vectors", { vectors: undefined }, "TypeError", '"vectors" expected an array of at least one vector'],
    ["one vector alone", { vectors: parameters }, "TypeError", '"vectors" expected an array of at least one vector'],
    ["an empty list", { vectors: [] }, "RangeError", '"vectors" expected an array of at least one vector'],
    ["a short vector", { vectors: [parameters, short] }, "RangeError", '"vectors[1]" expected Float32Array of length'],
    ["a short network", { parameters: [short] }, "RangeError", '"parameters[0]" expected Float32Array of length'],
    ["too few networks", { parameters: [] }, "RangeError", '"parameters" expected one network, or 1 of them'],
    ["no network", { parameters: undefined }, "TypeError", '"parameters" expected Float32Array of length'],
    ["other targets", { targets: Uint8Array.of(12) }, "RangeError", '"targets" expected class indices'],
  ])("%s", async (_, wrong, name, message) => {
    const error = expect.objectContaining({ name, message: expect.stringContaining(message) });
    const net = await engines[1]!.bind(model);
    const input = { parameters, vectors: [parameters], ...batch, ...wrong } as never;
    await expect(net.hessianVectorProducts(input)).rejects.toThrow(error);
  });
});
