// Initial weights: the right distribution, and a pure function of seed, purpose and index.
import { expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { fixedInit, randomInit, type WeightSource, writeWeights } from "../../src/distill/weight-source.ts";
import { type InitScheme, initialize } from "../../src/nn/init.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import type { Model } from "../../src/nn/model.ts";
import { sequential } from "../../src/nn/model.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { backendsUnderTest, expectClose } from "../helpers.ts";

const reference = createReferenceBackend();
const use = { seed: 1, purpose: "weights/test", index: 0 };

function weights(model: Model, key = use, backend: Backend = reference): Float64Array {
  const theta = new Arena(backend).allocate(model.parameterCount);
  initialize(backend.ops, model, theta, "xavier-normal", key);
  return Float64Array.from(backend.read(theta, model.parameterCount));
}

function fromSource(source: WeightSource, where: { seed: number; purpose: "distil" | "evaluate"; index: number }) {
  const model = lenet();
  const theta = new Arena(reference).allocate(model.parameterCount);
  writeWeights(source, reference.ops, model, theta, where);
  return Float64Array.from(reference.read(theta, model.parameterCount));
}

/** The means of the first four powers. */
function moments(values: Float64Array): number[] {
  return [1, 2, 3, 4].map((power) => values.reduce((sum, value) => sum + value ** power, 0) / values.length);
}

test.each(lenet().parameters)("LeNet's $name is drawn from N(0, 2 / (fan_in + fan_out)), or zero", (parameter) => {
  const { offset, size, fanIn, fanOut, role } = parameter;
  const drawn = weights(lenet()).subarray(offset, offset + size);
  if (role === "bias") {
    expect(drawn.every((value) => value === 0)).toBe(true);
    return;
  }
  // Means of n draws, each within five of their own standard deviations, for a standard normal:
  // E z = 0, E z² = 1, E z³ = 0, E z⁴ = 3 with variances 1, 2, 15, 96.
  const [m1, m2, m3, m4] = moments(drawn.map((value) => value / Math.sqrt(2 / (fanIn + fanOut)))) as [
    number,
    number,
    number,
    number,
  ];
  const label = `seed ${use.seed}`;
  expect(Math.abs(m1), label).toBeLessThan(5 * Math.sqrt(1 / size));
  expect(Math.abs(m2 - 1), label).toBeLessThan(5 * Math.sqrt(2 / size));
  expect(Math.abs(m3), label).toBeLessThan(5 * Math.sqrt(15 / size));
  expect(Math.abs(m4 - 3), label).toBeLessThan(5 * Math.sqrt(96 / size));
});

test("fans are inputs and outputs of one unit, times the kernel's area", () => {
  const fans = lenet().parameters.map(({ name, fanIn, fanOut }) => [name, fanIn, fanOut]);
  expect(fans.filter(([name]) => String(name).endsWith("weight"))).toEqual([
    ["0.weight", 25, 150],
    ["3.weight", 150, 400],
    ["7.weight", 400, 120],
    ["9.weight", 120, 84],
    ["11.weight", 84, 10],
  ]);
});

test("the same key gives the same weights, any other key others", () => {
  const first = weights(lenet());
  expect(weights(lenet())).toEqual(first);
  for (const other of [
    { ...use, seed: 2 },
    { ...use, purpose: "weights/other" },
    { ...use, index: 1 },
  ]) {
    const equal = weights(lenet(), other).filter((value, i) => value !== 0 && value === first[i]).length;
    expect(equal, JSON.stringify(other)).toBe(0);
  }
});

test("two layers of one shape get different weights", () => {
  const model = sequential([1, 4, 4], [flatten(), linear({ out: 16 }), linear({ out: 16 })]);
  const drawn = weights(model);
  const [first, second] = [drawn.slice(0, 256), drawn.slice(272, 528)];
  expect(first.filter((value, i) => value === second[i])).toHaveLength(0);
});

test("the kernels draw the reference's weights, to float32, whatever the number of threads", async () => {
  const expected = weights(lenet());
  const drawn: Float64Array[] = [];
  for (const backend of await backendsUnderTest()) {
    drawn.push(weights(lenet(), use, backend));
    expectClose(drawn.at(-1)!, expected, 1e-5, `${backend.threads} threads, seed 1`);
    await backend.dispose();
  }
  expect(drawn[1]).toEqual(drawn[0]);
});

test("an unknown scheme is refused by name", () => {
  const scheme = "kaiming" as InitScheme;
  expect(() => initialize(reference.ops, lenet(), 64, scheme, use)).toThrow(
    new RangeError('"scheme" expected "xavier-normal", got "kaiming"'),
  );
});

test("random weights differ by seed, purpose and index; fixed ones only by their own seed", () => {
  const where = { seed: 1, purpose: "distil", index: 0 } as const;
  const others = [{ ...where, seed: 2 }, { ...where, purpose: "evaluate" } as const, { ...where, index: 1 }];
  for (const other of others) {
    expect(fromSource(randomInit(), other)).not.toEqual(fromSource(randomInit(), where));
    expect(fromSource(fixedInit(3), other)).toEqual(fromSource(fixedInit(3), where));
  }
  expect(fromSource(randomInit(), where)).toEqual(fromSource(randomInit(), where));
  expect(fromSource(fixedInit(4), where)).not.toEqual(fromSource(fixedInit(3), where));
  expect(() => fixedInit(-1)).toThrow(RangeError);
});
