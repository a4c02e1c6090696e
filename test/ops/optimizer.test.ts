// Adam against the reference.

import { describe, test } from "vitest";
import type { AdamOptions } from "../../src/backend/backend.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp } from "./parity.ts";

// 0, 1, one vector of 4 lanes and unrolled steps of it ± 1, a block of 1024 ± 1, ten MNIST images.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 7840];

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
  test.for(options)("adam, step $step, beta1 $beta1", (option) => {
    const tolerance = float32Tolerance;
    for (const shift of [0, 1, 2, 3]) {
      const label = `adam, n ${n}, shift ${shift}, ${JSON.stringify(option)}, seeds 1 2 3 4`;
      const g = { values: paint(n, 4), shift };
      const outputs = { x: { tolerance }, m: { tolerance }, v: { tolerance } };
      checkOp({
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
      checkOp({
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

test("adam leaves x where there never was a gradient", () => {
  const n = 9;
  const zero = { values: new Float32Array(n) };
  checkOp({
    label: "adam, no gradient, seed 1",
    operands: { x: { values: paint(n, 1) }, m: zero, v: zero, g: zero },
    outputs: { x: { tolerance: 0 }, m: { tolerance: 0 }, v: { tolerance: 0 } },
    call: (ops, at) => ops.adam(at.x, at.m, at.v, at.g, n, { ...paper, step: 1 }),
  });
});
