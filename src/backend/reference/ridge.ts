// Ridge regression with a Gram matrix, reference: the Cholesky factor of A = FᵀF + ridge·tr(FᵀF)/n·I, and b·A⁻¹ by it.
// docs/math.md §9 has the formulas. Row i of the factor L, which has i + 1 numbers, begins at i·(i + 1)/2.
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

/** Makes of a triangle G of n rows the L with L·Lᵀ = G + ridge·tr(G)/n·I, row by row (Cholesky, Banachiewicz). */
export function factorize(f: Float64Array, factor: number, n: number, ridge: number): void {
  const at = (i: number, j: number): number => factor + (i * (i + 1)) / 2 + j;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += f[at(i, i)]!;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = f[at(i, j)]! + (i === j ? (ridge * trace) / n : 0);
      for (let k = 0; k < j; k++) sum -= f[at(i, k)]! * f[at(j, k)]!;
      f[at(i, j)] = i === j ? Math.sqrt(sum) : sum / f[at(j, j)]!;
    }
  }
}

export function ridgeOps(memory: Memory): Pick<Ops, "ridgeFactor" | "ridgeSolve"> {
  return {
    ridgeFactor(factor, features, ridge, { features: count, images: n, lanes }) {
      const f = memory.floats;
      const at = (i: number, j: number): number => factor + (i * (i + 1)) / 2 + j;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          let sum = 0;
          for (let d = 0; d < count; d++) sum += f[features + d * lanes + i]! * f[features + d * lanes + j]!;
          f[at(i, j)] = sum;
        }
      }
      factorize(f, factor, n, ridge);
    },

    ridgeSolve(out, workspace, factor, b, rows, { images: n, lanes }) {
      const f = memory.floats;
      const at = (i: number, j: number): number => factor + (i * (i + 1)) / 2 + j;
      for (let r = 0; r < rows; r++) {
        const y = workspace + r * n;
        // L·y = b, then Lᵀ·out = y.
        for (let i = 0; i < n; i++) {
          let sum = f[b + r * lanes + i]!;
          for (let k = 0; k < i; k++) sum -= f[at(i, k)]! * f[y + k]!;
          f[y + i] = sum / f[at(i, i)]!;
        }
        for (let i = n - 1; i >= 0; i--) {
          f[y + i] = f[y + i]! / f[at(i, i)]!;
          for (let k = 0; k < i; k++) f[y + k] = f[y + k]! - f[at(i, k)]! * f[y + i]!;
        }
        for (let i = 0; i < lanes; i++) f[out + r * lanes + i] = i < n ? f[y + i]! : 0;
      }
    },
  };
}
