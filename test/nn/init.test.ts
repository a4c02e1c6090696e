// Initial weights: the right distribution, and a pure function of seed, purpose and index.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { fixedInit, randomInit, type WeightSource } from "../../src/distill/weight-source.ts";
import { writeWeights } from "../../src/distill/write-weights.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { initialize, initialParameters } from "../../src/nn/draw-weights.ts";
import { type Initializer, type InitOptions, type InitScheme, initializer } from "../../src/nn/init.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { backendsUnderTest } from "../backends-under-test.ts";
import { expectClose, peek } from "../helpers.ts";

const reference = createReferenceBackend();
const tested = await backendsUnderTest();
const use = { seed: 1, purpose: "weights/test", index: 0 };

function weights(
  model: Model,
  key = use,
  backend: Backend = reference,
  init: Initializer = { scheme: "xavier-normal" },
): Float64Array {
  const theta = new Arena(backend).allocate(model.parameterCount);
  initialize(backend, model, theta, init, key);
  return Float64Array.from(peek(backend, theta, model.parameterCount));
}

function fromSource(source: WeightSource, where: { seed: number; purpose: "distil" | "evaluate"; index: number }) {
  const model = lenet();
  const theta = new Arena(reference).allocate(model.parameterCount);
  writeWeights(source, reference, model, theta, where);
  return Float64Array.from(peek(reference, theta, model.parameterCount));
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
    ["conv1.weight", 25, 150],
    ["conv2.weight", 150, 400],
    ["fc1.weight", 400, 120],
    ["fc2.weight", 120, 84],
    ["fc3.weight", 84, 10],
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
  for (const backend of tested) {
    drawn.push(weights(lenet(), use, backend));
    expectClose(drawn.at(-1)!, expected, 1e-5, `${backend.threads} threads, seed 1`);
  }
  expect(drawn[1]).toEqual(drawn[0]);
});

test("xavier-normal with gain 1 has the bits of a draw from N(0, 2 / (fan_in + fan_out))", () => {
  const model = lenet();
  const expected = new Float64Array(model.parameterCount);
  const at = new Arena(reference).allocate(model.parameterCount);
  model.parameters.forEach(({ role, offset, size, fanIn, fanOut }, part) => {
    if (role === "bias") return;
    const key = randomKey(use.seed, use.purpose, use.index, part);
    reference.ops.normal(at, size, key, 0, Math.sqrt(2 / (fanIn + fanOut)));
    expected.set(peek(reference, at, size), offset);
  });
  expect(weights(model)).toEqual(expected);
  expect(weights(model, use, reference, { scheme: "xavier-normal", gain: 1 })).toEqual(expected);
});

/** fan_in 5·9 and 7·25, fan_out 7·9 and 3·25; weights enough for a distribution to show. */
const fans = sequential(
  [50, 9, 9],
  [conv2d({ out: 70, kernel: 3 }), conv2d({ out: 30, kernel: 5 }), flatten(), linear({ out: 40 })],
);
type Distribution = readonly [name: "normal" | "uniform", std: number];
const distributions: readonly (readonly [Initializer, (fanIn: number, fanOut: number) => Distribution])[] = [
  [{ scheme: "normal" }, () => ["normal", 1]],
  [{ scheme: "normal", std: 0.02 }, () => ["normal", 0.02]],
  [{ scheme: "xavier-normal", gain: 5 / 3 }, (i, o) => ["normal", (5 / 3) * Math.sqrt(2 / (i + o))]],
  // U(±a) has a standard deviation of a/√3.
  [{ scheme: "xavier-uniform" }, (i, o) => ["uniform", Math.sqrt(6 / (i + o)) / Math.sqrt(3)]],
  [{ scheme: "xavier-uniform", gain: 0.5 }, (i, o) => ["uniform", (0.5 * Math.sqrt(6 / (i + o))) / Math.sqrt(3)]],
  [{ scheme: "kaiming-fan-in" }, (i) => ["normal", Math.sqrt(2 / i)]],
  [{ scheme: "kaiming-fan-in", gain: 1 }, (i) => ["normal", Math.sqrt(1 / i)]],
  [{ scheme: "kaiming-fan-out" }, (_, o) => ["normal", Math.sqrt(2 / o)]],
  [{ scheme: "kaiming-fan-out", gain: 3 }, (_, o) => ["normal", Math.sqrt(9 / o)]],
  [{ scheme: "pytorch" }, (i) => ["uniform", Math.sqrt(1 / i) / Math.sqrt(3)]],
];

describe.each(distributions)("%o", (init, distribution) => {
  test.each(fans.parameters)("$name has the distribution that torch.nn.init gives it", ({ role, ...parameter }) => {
    const { offset, size, fanIn, fanOut } = parameter;
    const drawn = weights(fans, use, reference, init).subarray(offset, offset + size);
    if (role === "bias" && init.scheme !== "pytorch") {
      expect(drawn.every((value) => value === 0)).toBe(true);
      return;
    }
    const [name, std] = distribution(fanIn, fanOut);
    const [m1, m2, m3, m4] = moments(drawn.map((value) => value / std)) as [number, number, number, number];
    // E zᵏ and its variance for z normal, or uniform on ±√3: means of `size` draws, within five standard deviations.
    const [fourth, variances] = name === "normal" ? [3, [1, 2, 15, 96]] : [9 / 5, [1, 4 / 5, 27 / 7, 81 / 9 - 81 / 25]];
    const label = `seed ${use.seed}`;
    for (const [k, off] of [m1, m2 - 1, m3, m4 - fourth].entries()) {
      expect(Math.abs(off), `moment ${k + 1}, ${label}`).toBeLessThan(5 * Math.sqrt(variances[k]! / size));
    }
    if (name === "uniform") expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(std * Math.sqrt(3));
  });
});

test.each(["kaiming-fan-out", "orthogonal", "pytorch"] as const)(
  "the kernels draw the reference's weights with %s, whatever the number of threads",
  async (scheme) => {
    const init: Initializer = { scheme };
    const expected = weights(lenet(), use, reference, init);
    const drawn: Float64Array[] = [];
    for (const backend of tested) {
      drawn.push(weights(lenet(), use, backend, init));
      expectClose(drawn.at(-1)!, expected, 1e-5, `${backend.threads} threads, seed 1`);
    }
    expect(drawn[1]).toEqual(drawn[0]);
  },
);

describe("an initialiser is refused by name", () => {
  test.each<[string, InitOptions, string]>([
    [
      "kaiming",
      {},
      '"scheme" expected one of "normal", "xavier-normal", "xavier-uniform", "kaiming-fan-in", "kaiming-fan-out", ' +
        '"orthogonal", "pytorch", got "kaiming"',
    ],
    ["constructor", {}, expect.stringContaining('got "constructor"') as unknown as string],
    ["normal", { gain: 2 }, '"gain" expected nothing with scheme "normal", got 2'],
    ["orthogonal", { std: 2 }, '"std" expected nothing with scheme "orthogonal", got 2'],
    ["pytorch", { gain: 1 }, '"gain" expected nothing with scheme "pytorch", got 1'],
    ["xavier-normal", { gain: 0 }, '"gain" expected a finite number > 0, got 0'],
    ["normal", { std: Number.NaN }, '"std" expected a finite number > 0, got NaN'],
    ["normal", { std: "1" as unknown as number }, '"std" expected a finite number > 0, got "1"'],
  ])("%s with %o", (name, options, message) => {
    const scheme = name as InitScheme;
    const kind = typeof options.std === "string" ? "TypeError" : "RangeError";
    const error = expect.objectContaining({ name: kind, message });
    expect(() => initializer(scheme, options)).toThrow(error);
    expect(() => randomInit(scheme, options)).toThrow(error);
    expect(() => fixedInit(1, scheme, options)).toThrow(error);
    expect(() => initialize(reference, lenet(), 64, { scheme, ...options }, use)).toThrow(error);
  });
});

test("a source with its options is plain data, without options that nobody gave", () => {
  expect(randomInit()).toEqual({ kind: "random", scheme: "xavier-normal" });
  expect(randomInit("normal", { std: 0.1 })).toEqual({ kind: "random", scheme: "normal", std: 0.1 });
  expect(fixedInit(3, "orthogonal", { gain: 2 })).toEqual({ kind: "fixed", scheme: "orthogonal", gain: 2, seed: 3 });
  expect(fromSource(randomInit("normal", { std: 0.5 }), { seed: 1, purpose: "distil", index: 0 })).toEqual(
    fromSource(randomInit("normal"), { seed: 1, purpose: "distil", index: 0 }).map((value) => value / 2),
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

describe.each(distributions)("with %o", (init) => {
  test("a parameter whose layer says a number starts from it, and the others as without it", () => {
    const head = linear({ out: 3 });
    const said: Layer = {
      ...head,
      parameters: (input) =>
        head.parameters(input).map((spec) => ({ ...spec, initial: { weight: 0.25, bias: 0 }[spec.name] })),
    };
    const [drawn, model] = [head, said].map((last) => sequential([4, 1, 1], [linear({ out: 5 }), last])) as [
      Model,
      Model,
    ];
    const expected = [...weights(drawn, use, reference, init).subarray(0, 25), ...Array(15).fill(0.25), 0, 0, 0];
    expect([...weights(model, use, reference, init)]).toEqual(expected);
    expect([...initialParameters(model, init, use)].slice(25)).toEqual(expected.slice(25));
  });
});
