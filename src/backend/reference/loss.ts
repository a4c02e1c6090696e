// The losses, reference. z, p, y and their gradients are [classes, lanes]; losses [lanes]; n real images.
//   cross-entropy   ℓ = −(1/n) Σ_images Σ_k y_k·log p_k,   log p_k = z_k − max z − log Σ_j e^(z_j − max z)
//   squared error   ℓ = (1/2n) Σ_images Σ_k (z_k − y_k)²
// Padding lanes: zero in every output but p, where softmax of whatever is there stays finite.
// docs/math.md §2 has the formulas.

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { LossShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

/** log softmax of column `image` of z. */
function logSoftmax(f: Float64Array, z: number, image: number, { classes, lanes }: LossShape): Float64Array {
  const column = Float64Array.from({ length: classes }, (_, k) => f[z + k * lanes + image]!);
  const largest = column.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (const value of column) sum += Math.exp(value - largest);
  return column.map((value) => value - largest - Math.log(sum));
}

/** Σ_k y_k of column `image`: 1 for a distribution, but soft targets need not be one. */
function targetSum(f: Float64Array, y: number, image: number, { classes, lanes }: LossShape): number {
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += f[y + k * lanes + image]!;
  return sum;
}

export function lossOps(
  memory: Memory,
): Pick<Ops, "oneHot" | "crossEntropy" | "crossEntropyR" | "squaredError" | "squaredErrorR"> {
  return {
    oneHot(out, labels, { classes, images, lanes }) {
      const f = memory.floats;
      f.fill(0, out, out + classes * lanes);
      for (let image = 0; image < images; image++) f[out + f[labels + image]! * lanes + image] = 1;
    },

    crossEntropy(losses, p, dz, dy, z, y, shape) {
      const { classes, images, lanes } = shape;
      const f = memory.floats;
      for (let image = 0; image < lanes; image++) {
        const real = image < images;
        const logP = logSoftmax(f, z, image, shape);
        const s = targetSum(f, y, image, shape);
        let loss = 0;
        for (let k = 0; k < classes; k++) {
          const at = k * lanes + image;
          f[p + at] = Math.exp(logP[k]!);
          loss -= f[y + at]! * logP[k]!;
          f[dz + at] = real ? (s * f[p + at]! - f[y + at]!) / images : 0;
          if (dy !== none) f[dy + at] = real ? -logP[k]! / images : 0;
        }
        f[losses + image] = real ? loss : 0;
      }
    },

    crossEntropyR(rdz, rdy, p, y, rz, shape) {
      const { classes, images, lanes } = shape;
      const f = memory.floats;
      for (let image = 0; image < lanes; image++) {
        const real = image < images;
        const s = targetSum(f, y, image, shape);
        let mean = 0;
        for (let k = 0; k < classes; k++) mean += f[p + k * lanes + image]! * f[rz + k * lanes + image]!;
        for (let k = 0; k < classes; k++) {
          const at = k * lanes + image;
          const centred = f[rz + at]! - mean;
          f[rdz + at] = real ? (s * f[p + at]! * centred) / images : 0;
          if (rdy !== none) f[rdy + at] = real ? -centred / images : 0;
        }
      }
    },

    squaredError(losses, dz, dy, z, y, { classes, images, lanes }) {
      const f = memory.floats;
      for (let image = 0; image < lanes; image++) {
        const real = image < images;
        let loss = 0;
        for (let k = 0; k < classes; k++) {
          const at = k * lanes + image;
          const error = f[z + at]! - f[y + at]!;
          loss += (error * error) / 2;
          f[dz + at] = real ? error / images : 0;
          if (dy !== none) f[dy + at] = real ? -error / images : 0;
        }
        f[losses + image] = real ? loss : 0;
      }
    },

    squaredErrorR(rdz, rdy, rz, { classes, images, lanes }) {
      const f = memory.floats;
      for (let image = 0; image < lanes; image++) {
        const real = image < images;
        for (let k = 0; k < classes; k++) {
          const at = k * lanes + image;
          f[rdz + at] = real ? f[rz + at]! / images : 0;
          if (rdy !== none) f[rdy + at] = real ? -f[rz + at]! / images : 0;
        }
      }
    },
  };
}
