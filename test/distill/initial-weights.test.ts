// The networks of runs and evaluations as arrays: the bits that the kernels draw.
import { afterAll, expect, test } from "vitest";
import { initialWeights } from "../../src/distill/initial-weights.ts";
import { fixedInit, pretrained, randomInit, type WeightSource } from "../../src/distill/weight-source.ts";
import { type WeightUse, writeWeights } from "../../src/distill/write-weights.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { InitScheme } from "../../src/nn/init.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { instanceNorm2d } from "../../src/nn/norm.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { paint } from "../helpers.ts";

const engine = await createEngine({ threads: 2 });
afterAll(() => engine.dispose());

/** Norms have constants, and 7 channels of 3 × 3 give parameters of odd sizes. */
const model = sequential(
  [1, 6, 6],
  [conv2d({ out: 7, kernel: 3 }), instanceNorm2d({ affine: true }), flatten(), linear({ out: 3 })],
);

/** What a run writes. */
async function written(init: WeightSource, use: WeightUse, of = model): Promise<Float32Array> {
  const { arena, backend } = engine;
  const theta = arena.allocate(of.parameterCount);
  writeWeights(init, backend, of, theta, use);
  return (await backend.read(theta, of.parameterCount)) as Float32Array;
}

const schemes: readonly InitScheme[] = [
  "normal",
  "xavier-normal",
  "xavier-uniform",
  "kaiming-fan-in",
  "kaiming-fan-out",
  "orthogonal",
  "pytorch",
];

test.each(schemes)("networks of scheme %s have the bits of the kernels", async (scheme) => {
  for (const index of [0, 7]) {
    const use = { seed: 3, purpose: "distil", index } as const;
    expect(initialWeights(model, randomInit(scheme), { seed: 3, index })).toEqual(
      await written(randomInit(scheme), use),
    );
    const evaluated = { ...use, purpose: "evaluate" } as const;
    expect(initialWeights(lenet(), randomInit(scheme), evaluated)).toEqual(
      await written(randomInit(scheme), evaluated, lenet()),
    );
    const fixed = fixedInit(9, scheme);
    expect(initialWeights(model, fixed, { index })).toEqual(await written(fixed, use));
  }
});

test("networks of a pretrained pool are drawn without replacement for a run, in order for an evaluation", async () => {
  const weights = Array.from({ length: 5 }, (_, k) => paint(model.parameterCount, k));
  const init = pretrained(weights);
  const drawn = [0, 1, 2].map((k) => initialWeights(model, init, { seed: 2, index: 6 + k, networksPerStep: 3 }));
  for (const [k, theta] of drawn.entries()) {
    expect(theta).toEqual(await written(init, { seed: 2, purpose: "distil", index: 6 + k, perStep: 3 }));
    // A copy, which may be changed.
    expect(weights).not.toContain(theta);
  }
  expect(new Set(drawn.map((theta) => theta[0])).size).toBe(3);
  expect(initialWeights(model, init, { purpose: "evaluate", index: 6 })).toEqual(weights[1]);
});

test.each<[string, Parameters<typeof initialWeights>, string]>([
  ["a pool of another model", [lenet(), pretrained([new Float32Array(3)])], '"init" expected networks of'],
  ["an index", [model, randomInit(), { index: -1 }], '"index" expected integer >= 0, got -1'],
  ["a purpose", [model, randomInit(), { purpose: "test" as never }], '"purpose" expected "distil" or "evaluate"'],
  ["an unknown option", [model, randomInit(), { sede: 1 } as never], "seed"],
])("%s is refused by name", (_, args, message) => {
  expect(() => initialWeights(...args)).toThrow(message);
});
