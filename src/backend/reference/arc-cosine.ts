// Kernels of infinitely wide ReLU networks, reference (Cho, Saul, NeurIPS 2009; Jacot, Gabriel, Hongler, NeurIPS 2018). docs/math.md
// §12 has the formulas.
import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import { type ArcCosine, kernelBias } from "../shapes.ts";
import type { Memory } from "./memory.ts";
import { factorize } from "./ridge.ts";

/** Where the squared sine of the angle between two images is no larger, their derivative has no digit left. */
const SAME = 1e-12;

/** κ and its derivatives by s = Σ(x, y) and by a = Σ(x, x); b = Σ(y, y). */
interface Kernel {
  readonly value: number;
  readonly ds: number;
  readonly da: number;
}

function kernelOf(s: number, a0: number, b0: number, { depth, tangent }: ArcCosine): Kernel {
  let [a, b] = [a0, b0];
  // Σ of this layer and its derivatives by s and a, and Θ and its own.
  let [k, ks, ka] = [s, 1, 0];
  let [t, ts, ta] = [s, 1, 0];
  for (let layer = 0; layer < depth; layer++) {
    const square = a * b - k * k;
    const r = Math.sqrt(Math.max(square, 0));
    const angle = Math.atan2(r, k);
    const open = 1 - angle / Math.PI;
    const steep = square > SAME * a * b ? t / (Math.PI * r) : 0;
    const kaBefore = ka;
    ka = open * ka + r / (2 * Math.PI * a);
    ta = ka + open * ta + steep * (kaBefore - k / (2 * a));
    ts = open * ks + open * ts + steep * ks;
    ks = open * ks;
    k = k + (r - angle * k) / Math.PI + kernelBias;
    t = k + open * t;
    a += kernelBias;
    b += kernelBias;
  }
  return tangent ? { value: t, ds: ts, da: ta } : { value: k, ds: ks, da: ka };
}

type KernelOps = "arcCosineKernel" | "arcCosineFactor" | "wideProduct";

export function kernelOps(memory: Memory): Pick<Ops, KernelOps> {
  /** Σ of the first layer: 2·x_i·y_j/features + kernelBias. */
  function covariance(x: number, i: number, xLanes: number, y: number, j: number, yLanes: number, features: number) {
    const f = memory.floats;
    let sum = 0;
    for (let d = 0; d < features; d++) sum += f[x + d * xLanes + i]! * f[y + d * yLanes + j]!;
    return (2 / features) * sum + kernelBias;
  }
  return {
    arcCosineKernel(k, ds, da, x, y, { features, images, lanes, yImages, yLanes, ...kernel }) {
      const f = memory.floats;
      for (let i = 0; i < lanes; i++) {
        for (let j = 0; j < yLanes; j++) {
          const at = i * yLanes + j;
          let found = { value: 0, ds: 0, da: 0 };
          if (i < images && j < yImages) {
            const s = covariance(x, i, lanes, y, j, yLanes, features);
            const a = covariance(x, i, lanes, x, i, lanes, features);
            const b = covariance(y, j, yLanes, y, j, yLanes, features);
            found = kernelOf(s, a, b, kernel);
          }
          f[k + at] = found.value;
          if (ds !== none) f[ds + at] = found.ds;
          if (da !== none) f[da + at] = found.da;
        }
      }
    },

    arcCosineFactor(factor, x, ridge, { features, images, lanes, ...kernel }) {
      const own = Array.from({ length: images }, (_, i) => covariance(x, i, lanes, x, i, lanes, features));
      for (let i = 0; i < images; i++) {
        for (let j = 0; j <= i; j++) {
          const s = covariance(x, i, lanes, x, j, lanes, features);
          memory.floats[factor + (i * (i + 1)) / 2 + j] = kernelOf(s, own[i]!, own[j]!, kernel).value;
        }
      }
      factorize(memory.floats, factor, images, ridge);
    },

    wideProduct(out, a, b, rows, length, lanes) {
      const f = memory.floats;
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < lanes; i++) {
          let sum = 0;
          for (let t = 0; t < length; t++) sum += f[a + r * length + t]! * f[b + t * lanes + i]!;
          f[out + r * lanes + i] = sum;
        }
      }
    },
  };
}
