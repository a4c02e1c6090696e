// Convolution, reference. y[oc, i, j] = bias[oc] + Σ_{c, ky, kx} w[oc, c, ky, kx]·x[c, i·stride + ky, j·stride + kx].
// x [c, h, w, B], w [oc, c, kh, kw], bias [oc], y [oc, oh, ow, B].

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Conv2dShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

/** One weight: output channel, input channel, row and column of the kernel. */
type VisitProduct = (y: number, x: number, oc: number, c: number, ky: number, kx: number) => void;

/** Visits every product of a weight with a pixel, given as the offsets of y and x at image 0. */
function forEachProduct(shape: Conv2dShape, visit: VisitProduct): void {
  const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  for (let oc = 0; oc < outChannels; oc++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        for (let c = 0; c < inChannels; c++) {
          for (let ky = 0; ky < kernelHeight; ky++) {
            for (let kx = 0; kx < kernelWidth; kx++) {
              const y = (oc * outHeight + i) * outWidth + j;
              const x = (c * inHeight + i * shape.stride + ky) * inWidth + j * shape.stride + kx;
              visit(y * shape.lanes, x * shape.lanes, oc, c, ky, kx);
            }
          }
        }
      }
    }
  }
}

export function conv2dOps(memory: Memory): Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights"> {
  return {
    conv2dForward(y, x, w, bias, shape, accumulate) {
      const f = memory.floats;
      const { inChannels, outChannels, kernelHeight, kernelWidth, lanes } = shape;
      const plane = shape.outHeight * shape.outWidth * lanes;
      if (!accumulate) f.fill(0, y, y + outChannels * plane);
      forEachProduct(shape, (yAt, xAt, oc, c, ky, kx) => {
        const weight = f[w + ((oc * inChannels + c) * kernelHeight + ky) * kernelWidth + kx]!;
        for (let b = 0; b < lanes; b++) f[y + yAt + b]! += weight * f[x + xAt + b]!;
      });
      if (bias === none) return;
      for (let oc = 0; oc < outChannels; oc++) {
        for (let k = 0; k < plane; k++) f[y + oc * plane + k]! += f[bias + oc]!;
      }
    },

    // dx[c, i, j] (+)= Σ_{o, ky, kx} w[o, c, ky, kx]·dy[o, i + padding − ky, j + padding − kx]
    conv2dBackwardData(dx, dy, w, shape, accumulate) {
      const f = memory.floats;
      const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, lanes } = shape;
      const { kernelHeight, kernelWidth, padding } = shape;
      if (!accumulate) f.fill(0, dx, dx + inChannels * inHeight * inWidth * lanes);
      for (let c = 0; c < inChannels; c++) {
        for (let i = 0; i < inHeight; i++) {
          for (let j = 0; j < inWidth; j++) {
            const to = dx + ((c * inHeight + i) * inWidth + j) * lanes;
            for (let o = 0; o < outChannels; o++) {
              for (let ky = 0; ky < kernelHeight; ky++) {
                for (let kx = 0; kx < kernelWidth; kx++) {
                  const row = i + padding - ky;
                  const column = j + padding - kx;
                  if (row < 0 || row >= outHeight || column < 0 || column >= outWidth) continue;
                  const weight = f[w + ((o * inChannels + c) * kernelHeight + ky) * kernelWidth + kx]!;
                  const from = dy + ((o * outHeight + row) * outWidth + column) * lanes;
                  for (let b = 0; b < lanes; b++) f[to + b]! += weight * f[from + b]!;
                }
              }
            }
          }
        }
      }
    },

    // dw[oc, c, ky, kx] (+)= Σ_{i, j, b} dy[oc, i, j, b]·x[c, i·stride + ky, j·stride + kx, b]
    conv2dBackwardWeights(dw, dy, x, shape, accumulate) {
      const f = memory.floats;
      const { inChannels, outChannels, kernelHeight, kernelWidth, lanes } = shape;
      if (!accumulate) f.fill(0, dw, dw + outChannels * inChannels * kernelHeight * kernelWidth);
      forEachProduct(shape, (yAt, xAt, oc, c, ky, kx) => {
        const at = dw + ((oc * inChannels + c) * kernelHeight + ky) * kernelWidth + kx;
        for (let b = 0; b < lanes; b++) f[at]! += f[dy + yAt + b]! * f[x + xAt + b]!;
      });
    },
  };
}
