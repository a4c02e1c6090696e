// How the rows of two gradients differ in direction, reference (docs/math.md §11).
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

/** Keeps rows that are 0 from a division by 0, as the code of Zhao, Mopuri, Bilen 2021 does. */
const LEAST = 1e-6;

export function cosineDistanceOps(memory: Memory): Pick<Ops, "cosineDistance"> {
  return {
    cosineDistance(losses, dx, x, y, rows, length) {
      const f = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [a, b] = [
          f.slice(x + r * length, x + (r + 1) * length),
          f.subarray(y + r * length, y + (r + 1) * length),
        ];
        const product = (u: Float64Array, v: Float64Array) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
        const [ab, ofA, ofB] = [product(a, b), Math.sqrt(product(a, a)), Math.sqrt(product(b, b))];
        const q = ofA * ofB + LEAST;
        const along = ofA === 0 ? 0 : (ab * ofB) / (q * q * ofA);
        f[losses + r] = 1 - ab / q;
        for (let i = 0; i < length; i++) f[dx + r * length + i] = along * a[i]! - b[i]! / q;
      }
    },
  };
}
