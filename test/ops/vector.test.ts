// fill, copy, scale, axpy, these two with a factor in memory, multiply, dot and sum against the reference, at every alignment: θ is
// one vector, and its tensors begin anywhere in it.

import { describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { onGpu } from "../backends-under-test.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { opTolerances } from "../tolerances.ts";
import { checkOp, paints, tested, unwritten } from "./parity.ts";

// 0, 1, one vector of 4 lanes and unrolled steps of it ± 1, blocks of 1024 ± 1; and, long, LeNet's parameters.
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1023, 1024, 1025, 2049];
const longLength = 61706;

describe.each(tested)("on $name with $threads threads", (backend) => {
  const { ops, base } = backend;

  test("a dot product of more floats than there is room for partial sums of blocks", async () => {
    // A GPU has no such room; some millions of floats are sums of its sums of sums.
    const n = onGpu ? 1_000_001 : 9_000_001;
    const x = Float32Array.from({ length: n }, (_, i) => (i % 7) - 3);
    const y = Float32Array.from({ length: n }, (_, i) => (i % 5) - 2);
    const sum = x.reduce((total, value, i) => total + value * y[i]!, 0);
    backend.reserve(base + 2 * n + 1);
    write(backend, base, x);
    write(backend, base + n, y);
    ops.dot(base + 2 * n, base, base + n, n);
    expect((await backend.read(base + 2 * n, 1))[0]).toBe(Math.fround(sum));
    ops.dot(base + 2 * n, base, base, n);
    const squares = x.reduce((total, value) => total + value * value, 0);
    expect((await backend.read(base + 2 * n, 1))[0]).toBe(Math.fround(squares));
  });

  test("a factor in memory gives the bits of the same factor as a number", async () => {
    const n = 2049;
    const eta = Math.fround(0.0123456789);
    const y = base + n;
    const byNumber = base + 2 * n;
    const byBuffer = base + 3 * n;
    const alpha = base + 4 * n;
    backend.reserve(alpha + 1);
    write(backend, base, paint(n, 5));
    write(backend, y, paint(n, 6));
    write(backend, alpha, [eta]);
    for (const sign of [1, -1]) {
      ops.axpy(byNumber, y, sign * eta, base, n);
      ops.axpyBy(byBuffer, y, sign, alpha, base, n);
      expect(await backend.read(byBuffer, n)).toEqual(await backend.read(byNumber, n));
      ops.scale(byNumber, sign * eta, base, n);
      ops.scaleBy(byBuffer, sign, alpha, base, n);
      expect(await backend.read(byBuffer, n)).toEqual(await backend.read(byNumber, n));
    }
  });

  test("a sum is that of float64 in order of the floats, rounded once", async () => {
    const n = 4099;
    const x = paint(n, 7, 1000);
    backend.reserve(base + n + 1);
    write(backend, base, x);
    // A GPU has no float64, and adds in an order of its own.
    const tolerance = onGpu ? opTolerances.sum : 0;
    const terms = x.reduce((total, value) => total + Math.abs(value), 0);
    const expected = Math.fround(x.reduce((total, value) => total + value, 0));
    ops.sum(base + n, base, n, false);
    noteResidual("sum", expectClose(await backend.read(base + n, 1), [expected], tolerance, "sum, seed 7", terms));
    ops.sum(base + n, base, n, true);
    const twice = Math.fround(x.reduce((total, value) => total + value, expected));
    expectClose(await backend.read(base + n, 1), [twice], tolerance, "sum, accumulated, seed 7", terms);
  });
});

// [out, x, y] in floats past a boundary: all aligned, each alone off it, all differently.
const shifts = [
  [0, 0, 0],
  [1, 0, 0],
  [0, 2, 0],
  [0, 0, 3],
  [3, 1, 2],
  [2, 3, 1],
] as const;

for (const n of [...lengths, longLength]) {
  // Threads split what is long, at places that do not depend on alignment: two alignments are enough.
  const tried = n === longLength ? shifts.slice(-2) : shifts;
  test(`vectors of ${n} floats`, async () => {
    for (const [outShift, xShift, yShift] of tried) {
      for (const { kind, values, tolerance } of paints) {
        const where = `n ${n}, shifts ${outShift} ${xShift} ${yShift}, ${kind}, seeds 1 2`;
        const x = { values: values(n, 1), shift: xShift };
        const y = { values: values(n, 2), shift: yShift };
        const out = { values: unwritten(n), shift: outShift };
        const outputs = { out: { tolerance } };
        const alpha = kind === "whole" ? -2 : Math.fround(-0.37);
        await checkOp({
          label: `fill ${where}`,
          operands: { out },
          outputs,
          call: (ops, at) => ops.fill(at.out, alpha, n),
        });
        await checkOp({
          label: `copy ${where}`,
          operands: { out, x },
          outputs,
          call: (ops, at) => ops.copy(at.out, at.x, n),
        });
        await checkOp({
          label: `scale ${where}`,
          operands: { out, x },
          outputs,
          call: (ops, at) => ops.scale(at.out, alpha, at.x, n),
        });
        await checkOp({
          label: `axpy ${where}`,
          operands: { out, x, y },
          outputs,
          call: (ops, at) => ops.axpy(at.out, at.y, alpha, at.x, n),
        });
        for (const sign of [1, -1, 0.5]) {
          const factor = { values: Float32Array.of(alpha), shift: yShift };
          await checkOp({
            label: `axpyBy ${where}, sign ${sign}`,
            operands: { out, x, y, factor },
            outputs,
            call: (ops, at) => ops.axpyBy(at.out, at.y, sign, at.factor, at.x, n),
          });
          await checkOp({
            label: `scaleBy ${where}, sign ${sign}`,
            operands: { out, x, factor },
            outputs,
            call: (ops, at) => ops.scaleBy(at.out, sign, at.factor, at.x, n),
          });
        }
        await checkOp({
          label: `multiply ${where}`,
          operands: { out, x, y },
          outputs,
          call: (ops, at) => ops.multiply(at.out, at.x, at.y, n),
        });
      }
    }
  });

  test(`dot products of ${n} floats`, async () => {
    for (const [outShift, xShift, yShift] of tried) {
      for (const { kind, values, tolerance } of paints) {
        const where = `n ${n}, shifts ${outShift} ${xShift} ${yShift}, ${kind}, seeds 1 2`;
        const x = { values: values(n, 1), shift: xShift };
        const y = { values: values(n, 2), shift: yShift };
        const out = { values: unwritten(1), shift: outShift };
        // One sum of both signs may nearly cancel, so its error is measured by its terms.
        const scale = x.values.reduce((sum, value, i) => sum + Math.abs(value * y.values[i]!), 0);
        const outputs = { out: { tolerance, scale } };
        await checkOp({
          label: `dot ${where}`,
          operands: { out, x, y },
          outputs,
          call: (ops, at) => ops.dot(at.out, at.x, at.y, n),
        });
        await checkOp({
          label: `dot of x with itself, ${where}`,
          operands: { out, x },
          outputs: { out: { tolerance } },
          call: (ops, at) => ops.dot(at.out, at.x, at.x, n),
        });
        const terms = x.values.reduce((sum, value) => sum + Math.abs(value), 1);
        await checkOp({
          label: `sum ${where}`,
          operands: { out, x },
          outputs: { out: { tolerance, scale: terms } },
          call: (ops, at) => ops.sum(at.out, at.x, n, false),
        });
        await checkOp({
          label: `sum, accumulated, ${where}`,
          operands: { out: { values: Float32Array.of(-1), shift: outShift }, x },
          outputs: { out: { tolerance, scale: terms } },
          call: (ops, at) => ops.sum(at.out, at.x, n, true),
        });
      }
    }
  });

  test(`in-place vectors of ${n} floats`, async () => {
    for (const [outShift, xShift] of tried) {
      const where = `n ${n}, shifts ${outShift} ${xShift}, seeds 3 4`;
      const out = { values: paint(n, 3), shift: outShift };
      const x = { values: paint(n, 4), shift: xShift };
      const outputs = { out: { tolerance: float32Tolerance } };
      await checkOp({
        label: `scale, out = x, ${where}`,
        operands: { out },
        outputs,
        call: (ops, at) => ops.scale(at.out, 0.5, at.out, n),
      });
      await checkOp({
        label: `axpy, out = y, ${where}`,
        operands: { out, x },
        outputs,
        call: (ops, at) => ops.axpy(at.out, at.out, 0.3, at.x, n),
      });
      await checkOp({
        label: `axpy, out = x, ${where}`,
        operands: { out, x },
        outputs,
        call: (ops, at) => ops.axpy(at.out, at.x, 0.3, at.out, n),
      });
      const factor = { values: Float32Array.of(0.3) };
      await checkOp({
        label: `scaleBy, out = x, ${where}`,
        operands: { out, factor },
        outputs,
        call: (ops, at) => ops.scaleBy(at.out, -1, at.factor, at.out, n),
      });
      await checkOp({
        label: `axpyBy, out = y, ${where}`,
        operands: { out, x, factor },
        outputs,
        call: (ops, at) => ops.axpyBy(at.out, at.out, -1, at.factor, at.x, n),
      });
      await checkOp({
        label: `axpyBy, out = x, ${where}`,
        operands: { out, x, factor },
        outputs,
        call: (ops, at) => ops.axpyBy(at.out, at.x, -1, at.factor, at.out, n),
      });
      await checkOp({
        label: `multiply, out = x, ${where}`,
        operands: { out, x },
        outputs,
        call: (ops, at) => ops.multiply(at.out, at.out, at.x, n),
      });
      await checkOp({
        label: `multiply, out = y, ${where}`,
        operands: { out, x },
        outputs,
        call: (ops, at) => ops.multiply(at.out, at.x, at.out, n),
      });
    }
  });
}
