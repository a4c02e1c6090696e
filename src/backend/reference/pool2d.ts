// Max pooling, reference. The window of output (i, j) covers input rows i·stride − padding + ky and columns
// j·stride − padding + kx. x [c, h, w, B]; y and index [c, oh, ow, B]; index = ky·kw + kx of the winner. As in PyTorch
// a NaN beats all before it, so that a diverged run shows.

import type { Ops } from "../ops.ts";
import type { Pool2dShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

/** Calls `visit` with the offset of every output, its channel, and where its window's corner is in the padded plane. */
function forEachWindow(
  shape: Pool2dShape,
  visit: (output: number, channel: number, top: number, left: number) => void,
): void {
  const { channels, outHeight, outWidth, stride, padding, lanes } = shape;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        for (let b = 0; b < lanes; b++) {
          const output = ((c * outHeight + i) * outWidth + j) * lanes + b;
          visit(output, c, i * stride - padding, j * stride - padding);
        }
      }
    }
  }
}

/** Calls `visit` with the offsets of every output and of the input that its index names. */
function forEachWinner(
  f: Float64Array,
  index: number,
  shape: Pool2dShape,
  visit: (output: number, input: number) => void,
): void {
  forEachWindow(shape, (output, c, top, left) => {
    const row = top + Math.floor(f[index + output]! / shape.kernelWidth);
    const column = left + (f[index + output]! % shape.kernelWidth);
    const image = output % shape.lanes;
    visit(output, ((c * shape.inHeight + row) * shape.inWidth + column) * shape.lanes + image);
  });
}

export function pool2dOps(memory: Memory): Pick<Ops, "maxPool2dForward" | "maxPool2dGather" | "maxPool2dScatter"> {
  return {
    maxPool2dForward(y, index, x, shape) {
      const f = memory.floats;
      forEachWindow(shape, (output, c, top, left) => {
        const image = output % shape.lanes;
        let largest = Number.NEGATIVE_INFINITY;
        let winner = -1;
        for (let ky = 0; ky < shape.kernelHeight; ky++) {
          for (let kx = 0; kx < shape.kernelWidth; kx++) {
            const row = top + ky;
            const column = left + kx;
            if (row < 0 || row >= shape.inHeight || column < 0 || column >= shape.inWidth) continue;
            const value = f[x + ((c * shape.inHeight + row) * shape.inWidth + column) * shape.lanes + image]!;
            if (winner >= 0 && !(value > largest || Number.isNaN(value))) continue;
            largest = value;
            winner = ky * shape.kernelWidth + kx;
          }
        }
        f[y + output] = largest;
        f[index + output] = winner;
      });
    },

    maxPool2dGather(ry, index, rx, shape) {
      const f = memory.floats;
      forEachWinner(f, index, shape, (output, input) => {
        f[ry + output] = f[rx + input]!;
      });
    },

    maxPool2dScatter(dx, index, dy, shape) {
      const f = memory.floats;
      f.fill(0, dx, dx + shape.channels * shape.inHeight * shape.inWidth * shape.lanes);
      forEachWinner(f, index, shape, (output, input) => {
        f[dx + input]! += f[dy + output]!;
      });
    },
  };
}
