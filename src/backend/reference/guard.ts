// The guard of an outer step and its clip, reference. Here the first of the mean's three floats holds all of it.
// docs/math.md §1 has the formulas.

import { required } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

export function guardOps(memory: Memory): Pick<Ops, "guard"> {
  return {
    guard(out, mean, squares, count, loss, clip) {
      const f = memory.floats;
      const parts = f.subarray(squares, squares + count);
      const finite = Number.isFinite(f[loss]) && parts.every(Number.isFinite);
      f[out] = finite ? 1 : 0;
      if (!finite || clip === 0) return;
      const at = required(mean, "the mean of the norms");
      const norm = Math.sqrt(parts.reduce((sum, square) => sum + square, 0));
      // A mean of 0 would hold every gradient after it at 0.
      const m = f[at]! + f[at + 1]! + f[at + 2]! || norm;
      const factor = norm > clip * m ? (clip * m) / norm : 1;
      f.set([0.9 * m + 0.1 * norm * factor, 0, 0], at);
      f[out] = Math.max(factor, Number.MIN_VALUE);
    },
  };
}
