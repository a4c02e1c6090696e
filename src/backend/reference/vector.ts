// Vectors of n floats, reference: fill, copy, scale, axpy, the same with a factor in memory, multiply, dot, sum.

import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

type VectorOps = Pick<Ops, "fill" | "copy" | "scale" | "axpy" | "axpyBy" | "scaleBy" | "multiply" | "dot" | "sum">;

export function vectorOps(memory: Memory): VectorOps {
  return {
    fill(out, value, n) {
      memory.floats.fill(value, out, out + n);
    },

    copy(out, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[x + i]!;
    },

    scale(out, alpha, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = alpha * f[x + i]!;
    },

    axpy(out, y, alpha, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[y + i]! + alpha * f[x + i]!;
    },

    axpyBy(out, y, sign, alpha, x, n) {
      const f = memory.floats;
      const factor = sign * f[alpha]!;
      for (let i = 0; i < n; i++) f[out + i] = f[y + i]! + factor * f[x + i]!;
    },

    scaleBy(out, sign, alpha, x, n) {
      const f = memory.floats;
      const factor = sign * f[alpha]!;
      for (let i = 0; i < n; i++) f[out + i] = factor * f[x + i]!;
    },

    multiply(out, x, y, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[x + i]! * f[y + i]!;
    },

    dot(out, x, y, n) {
      const f = memory.floats;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f[x + i]! * f[y + i]!;
      f[out] = sum;
    },

    sum(out, x, n, accumulate) {
      const f = memory.floats;
      let sum = accumulate ? f[out]! : 0;
      for (let i = 0; i < n; i++) sum += f[x + i]!;
      f[out] = sum;
    },
  };
}
