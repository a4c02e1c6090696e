// Convolution, reference. y[oc, i, j] = bias[oc] + Σ_{c, ky, kx} w[oc, c, ky, kx]·x[c, i·stride + ky, j·stride + kx].
// x [c, h, w, B], w [oc, c, kh, kw], bias [oc], y [oc, oh, ow, B].

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Conv2dShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

/** One weight and one row of outputs: output channel, input channel, row and column of the kernel. */
type VisitRow = (y: number, x: number, oc: number, c: number, ky: number, kx: number) => void;

/** Visits every weight with every row that it gives products to: the offsets of y and x at column 0 and image 0. */
function forEachRow(shape: Conv2dShape, visit: VisitRow): void {
  const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernelHeight, kernelWidth } = shape;
  for (let oc = 0; oc < outChannels; oc++) {
    for (let i = 0; i < outHeight; i++) {
      for (let c = 0; c < inChannels; c++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            const y = (oc * outHeight + i) * outWidth;
            const x = (c * inHeight + i * shape.stride + ky) * inWidth + kx;
            visit(y * shape.lanes, x * shape.lanes, oc, c, ky, kx);
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
      const { inChannels, outChannels, outWidth, kernelHeight, kernelWidth, stride, lanes } = shape;
      const plane = shape.outHeight * outWidth * lanes;
      if (!accumulate) f.fill(0, y, y + outChannels * plane);
      forEachRow(shape, (yRow, xRow, oc, c, ky, kx) => {
        const weight = f[w + ((oc * inChannels + c) * kernelHeight + ky) * kernelWidth + kx]!;
        for (let j = 0; j < outWidth; j++) {
          const [to, from] = [y + yRow + j * lanes, x + xRow + j * stride * lanes];
          for (let b = 0; b < lanes; b++) f[to + b]! += weight * f[from + b]!;
        }
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
          for (let o = 0; o < outChannels; o++) {
            for (let ky = 0; ky < kernelHeight; ky++) {
              const row = i + padding - ky;
              if (row < 0 || row >= outHeight) continue;
              const to = dx + (c * inHeight + i) * inWidth * lanes;
              const from = dy + (o * outHeight + row) * outWidth * lanes;
              for (let kx = 0; kx < kernelWidth; kx++) {
                const weight = f[w + ((o * inChannels + c) * kernelHeight + ky) * kernelWidth + kx]!;
                const shift = padding - kx;
                const end = Math.min(inWidth, outWidth - shift);
                for (let j = Math.max(0, -shift); j < end; j++) {
                  for (let b = 0; b < lanes; b++) f[to + j * lanes + b]! += weight * f[from + (j + shift) * lanes + b]!;
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
      const { inChannels, outChannels, outWidth, kernelHeight, kernelWidth, stride, lanes } = shape;
      if (!accumulate) f.fill(0, dw, dw + outChannels * inChannels * kernelHeight * kernelWidth);
      forEachRow(shape, (yRow, xRow, oc, c, ky, kx) => {
        const at = dw + ((oc * inChannels + c) * kernelHeight + ky) * kernelWidth + kx;
        for (let j = 0; j < outWidth; j++) {
          const [dyAt, xAt] = [dy + yRow + j * lanes, x + xRow + j * stride * lanes];
          for (let b = 0; b < lanes; b++) f[at]! += f[dyAt + b]! * f[xAt + b]!;
        }
      });
    },
  };
}
