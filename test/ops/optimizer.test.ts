// Adam, SGD with momentum and the two halves of LAMB against the reference.

import { describe, expect, test } from "vitest";
import type { Buffer } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import type { AdamOptions } from "../../src/backend/shapes.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, tested, unwritten } from "./parity.ts";

// 0, 1, one vector of 4 lanes and unrolled steps of it ± 1, a block of 1024 ± 1, ten MNIST images, work for threads.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 7840, 17_003];

const paper = { learningRate: 0.01, beta1: 0.5, beta2: 0.999, eps: 1e-8 };
const options: readonly AdamOptions[] = [
  { ...paper, step: 1 },
  { ...paper, step: 2 },
  { ...paper, step: 400 },
  { ...paper, step: 100_000 },
  { learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 3 },
  { learningRate: 0.1, beta1: 0, beta2: 0.9, eps: 1e-2, step: 1 },
];

describe.for(lengths)("%d floats", (n) => {
  test.for(options)("adam, step $step, beta1 $beta1", async (option) => {
    const tolerance = float32Tolerance;
    for (const shift of [0, 1, 2, 3]) {
      const label = `adam, n ${n}, shift ${shift}, ${JSON.stringify(option)}, seeds 1 2 3 4`;
      const g = { values: paint(n, 4), shift };
      const outputs = { x: { tolerance }, m: { tolerance }, v: { tolerance } };
      await checkOp({
        label: `${label}, from nothing`,
        // x begins at zero so that the update, which is small beside most values, is seen to its last digits.
        operands: {
          x: { values: new Float32Array(n), shift },
          m: { values: new Float32Array(n), shift },
          v: { values: new Float32Array(n), shift },
          g,
        },
        outputs,
        call: (ops, at) => ops.adam(at.x, at.m, at.v, at.g, n, option),
      });
      await checkOp({
        label: `${label}, from moments`,
        operands: {
          x: { values: paint(n, 1), shift: (shift + 1) % 4 },
          m: { values: paint(n, 2), shift: (shift + 2) % 4 },
          v: { values: paint(n, 3).map(Math.abs), shift: (shift + 3) % 4 },
          g,
        },
        outputs,
        call: (ops, at) => ops.adam(at.x, at.m, at.v, at.g, n, option),
      });
    }
  });
});

test("adam leaves x where there never was a gradient", async () => {
  const n = 9;
  const zero = { values: new Float32Array(n) };
  await checkOp({
    label: "adam, no gradient, seed 1",
    operands: { x: { values: paint(n, 1) }, m: zero, v: zero, g: zero },
    outputs: { x: { tolerance: 0 }, m: { tolerance: 0 }, v: { tolerance: 0 } },
    call: (ops, at) => ops.adam(at.x, at.m, at.v, at.g, n, { ...paper, step: 1 }),
  });
});

const momenta = [0, 0.5, 0.9];
const directions = [
  { beta1: 0.9, beta2: 0.999, eps: 1e-6, weightDecay: 0, step: 1 },
  { beta1: 0.9, beta2: 0.999, eps: 1e-6, weightDecay: 0.1, step: 3 },
  { beta1: 0, beta2: 0.9, eps: 1e-2, weightDecay: 0.01, step: 100_000 },
];
/** ‖x‖² and ‖u‖²: neither is 0, and each of them. */
const norms = [
  [4, 9],
  [0, 9],
  [4, 0],
] as const;

describe.for(lengths)("%d floats", (n) => {
  const tolerance = float32Tolerance;

  test.for(momenta)("sgd, momentum %d", async (momentum) => {
    for (const shift of [0, 1, 2, 3]) {
      const operands = {
        x: { values: paint(n, 1), shift },
        v: { values: paint(n, 2), shift: (shift + 1) % 4 },
        g: { values: paint(n, 3), shift: (shift + 2) % 4 },
      };
      await checkOp({
        label: `sgd, n ${n}, shift ${shift}, momentum ${momentum}, seeds 1 2 3`,
        operands,
        outputs: { x: { tolerance }, ...(momentum > 0 && { v: { tolerance } }) },
        call: (ops, at) => ops.sgd(at.x, at.v, at.g, n, { learningRate: 0.3, momentum }),
      });
      if (momentum > 0) continue;
      await checkOp({
        label: `sgd without a memory, n ${n}, shift ${shift}, seeds 1 3`,
        operands: { x: operands.x, g: operands.g },
        outputs: { x: { tolerance } },
        call: (ops, at) => ops.sgd(at.x, undefined, at.g, n, { learningRate: 0.3, momentum }),
      });
    }
  });

  test.for(directions)("adamDirection, step $step, weight decay $weightDecay", async (option) => {
    for (const shift of [0, 1, 2, 3]) {
      const operands = {
        m: { values: paint(n, 2), shift: (shift + 1) % 4 },
        v: { values: paint(n, 3).map(Math.abs), shift: (shift + 2) % 4 },
        g: { values: paint(n, 4), shift: (shift + 3) % 4 },
        x: { values: paint(n, 1), shift },
      };
      const label = `adamDirection, n ${n}, shift ${shift}, ${JSON.stringify(option)}, seeds 1 2 3 4`;
      const moments = { m: { tolerance }, v: { tolerance } };
      await checkOp({
        label,
        operands: { u: { values: unwritten(n), shift: (shift + 2) % 4 }, ...operands },
        outputs: { u: { tolerance }, ...moments },
        call: (ops, at) => ops.adamDirection(at.u, at.m, at.v, at.g, at.x, n, option),
      });
      await checkOp({
        label: `${label}, u = g`,
        operands,
        outputs: { g: { tolerance }, ...moments },
        call: (ops, at) => ops.adamDirection(at.g, at.m, at.v, at.g, at.x, n, option),
      });
    }
  });

  test.for(norms)("lambStep, squared norms %d and %d", async (squares) => {
    for (const shift of [0, 1, 2, 3]) {
      await checkOp({
        label: `lambStep, n ${n}, shift ${shift}, squares ${squares}, seeds 1 2`,
        operands: {
          x: { values: paint(n, 1), shift },
          u: { values: paint(n, 2), shift: (shift + 1) % 4 },
          squares: { values: Float32Array.from(squares), shift: (shift + 2) % 4 },
        },
        outputs: { x: { tolerance } },
        call: (ops, at) => ops.lambStep(at.x, at.u, at.squares, n, 0.3),
      });
    }
  });
});

test("sgd with a momentum and no room for it is refused", () => {
  for (const { ops, base } of tested) {
    const call = () => ops.sgd(base, undefined, base, 1, { learningRate: 0.1, momentum: 0.9 });
    expect(call).toThrow("no room was allocated for the momentum of SGD");
  }
});

type Tensor = "x" | "m" | "v" | "g" | "u" | "squares" | "guard";

const updates: readonly {
  readonly name: string;
  readonly writes: readonly Tensor[];
  readonly call: (ops: Ops, at: Readonly<Record<Tensor, Buffer>>, n: number) => void;
}[] = [
  {
    name: "adam",
    writes: ["x", "m", "v"],
    call: (ops, at, n) => ops.adam(at.x, at.m, at.v, at.g, n, { ...paper, step: 2 }, at.guard),
  },
  {
    name: "sgd",
    writes: ["x", "m"],
    call: (ops, at, n) => ops.sgd(at.x, at.m, at.g, n, { learningRate: 0.1, momentum: 0.9 }, at.guard),
  },
  {
    name: "sgd without momentum",
    writes: ["x"],
    call: (ops, at, n) => ops.sgd(at.x, undefined, at.g, n, { learningRate: 0.1, momentum: 0 }, at.guard),
  },
  {
    name: "adamDirection",
    writes: ["u", "m", "v"],
    call: (ops, at, n) => ops.adamDirection(at.u, at.m, at.v, at.g, at.x, n, directions[1]!, at.guard),
  },
  {
    name: "lambStep",
    writes: ["x"],
    call: (ops, at, n) => ops.lambStep(at.x, at.u, at.squares, n, 0.1, at.guard),
  },
];

describe.for(updates)("$name with a guard", ({ writes, call }) => {
  const n = 2050;
  const values = (seed: number) => ({ values: paint(n, seed) });
  const operands = {
    x: values(1),
    m: values(2),
    v: { values: paint(n, 3).map(Math.abs) },
    u: values(5),
    squares: { values: Float32Array.of(4, 9) },
  };

  test("writes nothing where that holds 0, not even from a gradient of NaN", async () => {
    await checkOp({
      label: "guard 0",
      operands: {
        ...operands,
        g: { values: new Float32Array(n).fill(Number.NaN) },
        guard: { values: Float32Array.of(0) },
      },
      outputs: {},
      call: (ops, at) => call(ops, at, n),
    });
  });

  test.for([1, 0.25])("updates as without one where that holds %d", async (guard) => {
    await checkOp({
      label: `guard ${guard}`,
      operands: { ...operands, g: values(4), guard: { values: Float32Array.of(guard) } },
      outputs: Object.fromEntries(writes.map((name) => [name, { tolerance: float32Tolerance }])),
      call: (ops, at) => call(ops, at, n),
    });
  });
});
