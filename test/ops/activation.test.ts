// ReLU and its mask, leaky ReLU, and the smooth activations against the reference.

import { describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import type { Activation } from "../../src/backend/shapes.ts";
import { onGpu } from "../backends-under-test.ts";
import { float32Tolerance, paint, paintWhole } from "../helpers.ts";
import { checkOp, tested, unwritten } from "./parity.ts";

// 0, 1, one vector of 4 lanes and unrolled steps of it ± 1, a block of 1024 ± 1, LeNet's first activation.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 56448];

describe.for(lengths)("%d floats", (n) => {
  // Whole numbers hold zeros of both signs, where the mask must be 0.
  const inputs = [paint(n, 1), paintWhole(n, 1)];

  test("reluForward", async () => {
    for (const values of inputs) {
      await checkOp({
        label: `reluForward, n ${n}, seed 1`,
        operands: { x: { values }, y: { values: unwritten(n) } },
        outputs: { y: { tolerance: 0 } },
        call: (ops, at) => ops.reluForward(at.y, at.x, n),
      });
      await checkOp({
        label: `reluForward, y = x, n ${n}, seed 1`,
        operands: { y: { values } },
        outputs: { y: { tolerance: 0 } },
        call: (ops, at) => ops.reluForward(at.y, at.y, n),
      });
    }
  });

  test("reluForward keeps NaN, so that a diverged run shows", async () => {
    await checkOp({
      label: `reluForward, NaN, n ${n}, seed 1`,
      operands: { y: { values: paint(n, 1).map((value) => (value < -0.5 ? Number.NaN : value)) } },
      outputs: { y: { tolerance: 0, mayBeNaN: true } },
      call: (ops, at) => ops.reluForward(at.y, at.y, n),
    });
  });

  test("reluMask", async () => {
    for (const values of inputs) {
      const y = { values };
      const v = { values: paint(n, 2) };
      await checkOp({
        label: `reluMask, n ${n}, seeds 1 2`,
        operands: { y, v, out: { values: unwritten(n) } },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.reluMask(at.out, at.y, at.v, n),
      });
      await checkOp({
        label: `reluMask, out = v, n ${n}, seeds 1 2`,
        operands: { y, out: v },
        outputs: { out: { tolerance: 0 } },
        call: (ops, at) => ops.reluMask(at.out, at.y, at.out, n),
      });
    }
  });

  test.for([0, 0.01, 0.3, 1, 5])("leakyRelu, slope %s", async (slope) => {
    for (const values of inputs) {
      for (const shift of [0, 1, 2, 3]) {
        const label = `n ${n}, slope ${slope}, shift ${shift}, seeds 1 2`;
        const s = { values, shift };
        const v = { values: paint(n, 2), shift: (shift + 1) % 4 };
        // float32 rounds the slope, and then the product.
        const tolerance = float32Tolerance;
        await checkOp({
          label: `leakyRelu, ${label}`,
          operands: { s, v, out: { values: unwritten(n), shift } },
          outputs: { out: { tolerance } },
          call: (ops, at) => ops.leakyRelu(at.out, at.s, at.v, n, slope),
        });
        await checkOp({
          label: `leakyRelu, out = v, ${label}`,
          operands: { s, out: v },
          outputs: { out: { tolerance } },
          call: (ops, at) => ops.leakyRelu(at.out, at.s, at.out, n, slope),
        });
        await checkOp({
          label: `leakyRelu, out = s = v, ${label}`,
          operands: { out: s },
          outputs: { out: { tolerance } },
          call: (ops, at) => ops.leakyRelu(at.out, at.out, at.out, n, slope),
        });
      }
    }
  });
});

/** Narrow bands of x, because one large value would hide the error of small ones: [centre, half width, why]. */
const bands: Readonly<Record<Activation, readonly (readonly [centre: number, half: number, why: string])[]>> = {
  tanh: [
    [1e-30, 1e-31, "almost nothing"],
    [-1e-4, 1e-5, "tanh x = x"],
    [0.3, 0.3, "the polynomial"],
    [-0.625, 0.01, "the seam"],
    [2, 1, "the exponential"],
    [-9, 1, "where it saturates"],
    [0, 1e4, "far out on both sides"],
  ],
  sigmoid: [
    [-86, 1, "e^x near the smallest float32"],
    [-15, 1, "1 + e^x rounds to 1"],
    [-4, 1, "small"],
    [0, 1, "the middle"],
    [6, 2, "close to 1"],
    [90, 3, "e^x overflows float32"],
    [0, 1e4, "far out on both sides"],
  ],
  softplus: [
    [-86, 1, "e^x near the smallest float32"],
    [-15, 1, "1 + e^x rounds to 1"],
    [-4, 1, "the learning rates of the paper"],
    [0, 1, "the bend"],
    [15, 2, "e^x is most of 1 + e^x"],
    [90, 3, "e^x overflows float32"],
    [0, 1e4, "far out on both sides"],
  ],
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What f′ is a function of, at x. */
const kept: Readonly<Record<Activation, (x: number) => number>> = { tanh: Math.tanh, sigmoid, softplus: (x) => x };

describe.for(["tanh", "sigmoid", "softplus"] as const)("%s", (f) => {
  const cases = bands[f].flatMap(([centre, half, why]) =>
    [1, 2, 3, 5, 30, 1027, 5003].map((n) => ({ centre, half, why, n })),
  );
  const tolerance = float32Tolerance;

  test.for(cases)("$why, $n floats", async ({ centre, half, why, n }) => {
    const inputs = paint(n, 1, half).map((value) => value + centre);
    for (const shift of [0, 1, 2, 3]) {
      const label = `${f}, ${why}, n ${n}, shift ${shift}, seeds 1 to 4`;
      const x = { values: inputs, shift };
      const p = { values: inputs.map(kept[f]), shift };
      const dy = { values: paint(n, 2), shift: (shift + 1) % 4 };
      const rp = { values: paint(n, 3), shift: (shift + 2) % 4 };
      const rdy = { values: paint(n, 4), shift: (shift + 3) % 4 };
      const out = { values: unwritten(n), shift };
      await checkOp({
        label: `forward, ${label}`,
        operands: { x, y: out },
        outputs: { y: { tolerance } },
        call: (ops, at) => ops.activationForward(at.y, at.x, n, f),
      });
      await checkOp({
        label: `forward, y = x, ${label}`,
        operands: { y: x },
        outputs: { y: { tolerance } },
        call: (ops, at) => ops.activationForward(at.y, at.y, n, f),
      });
      await checkOp({
        label: `backward, ${label}`,
        operands: { p, dy, dx: out },
        outputs: { dx: { tolerance } },
        call: (ops, at) => ops.activationBackward(at.dx, at.p, at.dy, n, f),
      });
      await checkOp({
        label: `backward, dx = dy, ${label}`,
        operands: { p, dx: dy },
        outputs: { dx: { tolerance } },
        call: (ops, at) => ops.activationBackward(at.dx, at.p, at.dx, n, f),
      });
      await checkOp({
        label: `backwardR, ${label}`,
        operands: { p, rp, dy, rdy, rdx: out },
        outputs: { rdx: { tolerance } },
        call: (ops, at) => ops.activationBackwardR(at.rdx, at.p, at.rp, at.dy, at.rdy, n, f),
      });
      await checkOp({
        label: `backwardR, rdx = rdy, ${label}`,
        operands: { p, rp, dy, rdx: rdy },
        outputs: { rdx: { tolerance } },
        call: (ops, at) => ops.activationBackwardR(at.rdx, at.p, at.rp, at.dy, at.rdx, n, f),
      });
    }
  });

  test("NaN stays NaN, so that a diverged run shows", async () => {
    for (const n of [1, 4, 7]) {
      const values = paint(n, 1).map((value, i) => (i % 3 === 0 ? Number.NaN : value));
      await checkOp({
        label: `${f}, NaN, n ${n}, seed 1`,
        operands: { x: { values }, y: { values: unwritten(n) } },
        outputs: { y: { tolerance, mayBeNaN: true } },
        call: (ops, at) => ops.activationForward(at.y, at.x, n, f),
      });
    }
  });
});

describe("relative errors", () => {
  /** The bounds of assembly/math.ts. A GPU may divide with an error of 2.5 units in the last place, 3e-7. */
  const bounds: Readonly<Record<Activation, number>> = onGpu
    ? { tanh: 6e-7, sigmoid: 6e-7, softplus: 6e-7 }
    : { tanh: 1.5e-7, sigmoid: 1.8e-7, softplus: 1.8e-7 };
  const exact: Readonly<Record<Activation, (x: number) => number>> = {
    tanh: Math.tanh,
    sigmoid,
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  };
  test.for(["tanh", "sigmoid", "softplus"] as const)("%s is within its bound, however small |x| is", async (f) => {
    const n = 200_000;
    // From 1e-37 to 80 in equal ratios, both signs.
    const x = Float32Array.from({ length: n }, (_, i) => (i % 2 ? -1 : 1) * 80 * Math.exp((-89 * i) / n));
    for (const backend of tested) {
      const at = backend.base;
      backend.reserve(at + n);
      write(backend, at, x);
      backend.ops.activationForward(at, at, n, f);
      const y = await backend.read(at, n);
      let worst = 0;
      for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs(y[i]! / exact[f](x[i]!) - 1));
      expect(worst).toBeLessThan(bounds[f]);
    }
  });

  test.skipIf(onGpu)("tanh is within 1e-7 where it is a polynomial, up to the end of that", async () => {
    const n = 50_000;
    const x = Float32Array.from({ length: n }, (_, i) => 0.3 + (0.325 * i) / n);
    for (const backend of tested) {
      const { ops, base } = backend;
      backend.reserve(base + n);
      write(backend, base, x);
      ops.activationForward(base, base, n, "tanh");
      const y = await backend.read(base, n);
      let worst = 0;
      for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs(y[i]! / Math.tanh(x[i]!) - 1));
      expect(worst).toBeLessThan(1e-7);
    }
  });
});
