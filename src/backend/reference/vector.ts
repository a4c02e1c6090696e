// Vectors of n floats, reference: fill, copy, scale, axpy, multiply, dot.

import type { Ops } from "../backend.ts";
import type { Memory } from "./memory.ts";

export function vectorOps(memory: Memory): Pick<Ops, "fill" | "copy" | "scale" | "axpy" | "multiply" | "dot"> {
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
  };
}
