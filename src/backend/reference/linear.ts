// Fully connected layers, reference, and the sum over rows that is the gradient of a bias.
// x [in, B], w [out, in], bias [out], y [out, B].

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

export function linearOps(
  memory: Memory,
): Pick<Ops, "linearForward" | "linearBackwardData" | "linearBackwardWeights" | "sumRows"> {
  return {
    // y[o, b] (+)= bias[o] + Σ_i w[o, i]·x[i, b]
    linearForward(y, x, w, bias, { inFeatures, outFeatures, lanes }, accumulate) {
      const f = memory.floats;
      for (let o = 0; o < outFeatures; o++) {
        for (let b = 0; b < lanes; b++) {
          let sum = bias === none ? 0 : f[bias + o]!;
          for (let i = 0; i < inFeatures; i++) sum += f[w + o * inFeatures + i]! * f[x + i * lanes + b]!;
          f[y + o * lanes + b] = accumulate ? f[y + o * lanes + b]! + sum : sum;
        }
      }
    },

    // dx[i, b] (+)= Σ_o w[o, i]·dy[o, b]
    linearBackwardData(dx, dy, w, { inFeatures, outFeatures, lanes }, accumulate) {
      const f = memory.floats;
      for (let i = 0; i < inFeatures; i++) {
        for (let b = 0; b < lanes; b++) {
          let sum = 0;
          for (let o = 0; o < outFeatures; o++) sum += f[w + o * inFeatures + i]! * f[dy + o * lanes + b]!;
          f[dx + i * lanes + b] = accumulate ? f[dx + i * lanes + b]! + sum : sum;
        }
      }
    },

    // dw[o, i] (+)= Σ_b dy[o, b]·x[i, b]
    linearBackwardWeights(dw, dy, x, { inFeatures, outFeatures, lanes }, accumulate) {
      const f = memory.floats;
      for (let o = 0; o < outFeatures; o++) {
        for (let i = 0; i < inFeatures; i++) {
          let sum = 0;
          for (let b = 0; b < lanes; b++) sum += f[dy + o * lanes + b]! * f[x + i * lanes + b]!;
          f[dw + o * inFeatures + i] = accumulate ? f[dw + o * inFeatures + i]! + sum : sum;
        }
      }
    },

    // out[r] (+)= Σ_i x[r, i]
    sumRows(out, x, rows, length, accumulate) {
      const f = memory.floats;
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        for (let i = 0; i < length; i++) sum += f[x + r * length + i]!;
        f[out + r] = accumulate ? f[out + r]! + sum : sum;
      }
    },
  };
}
