// How images lie in memory, reference: between the user's row by row and images innermost, and into frames.
// images [n, features], packed [features, B]; embed2d: x [c, h, w, B], out [c, oh, ow, B]; some of many images, and back.

import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

type LayoutOps = "packImages" | "unpackImages" | "embed2d" | "gatherImages" | "scatterImages";

export function layoutOps(memory: Memory): Pick<Ops, LayoutOps> {
  return {
    packImages(out, images, shape) {
      const f = memory.floats;
      for (let k = 0; k < shape.features; k++) {
        for (let b = 0; b < shape.lanes; b++) {
          f[out + k * shape.lanes + b] = b < shape.images ? f[images + b * shape.features + k]! : 0;
        }
      }
    },

    unpackImages(out, x, shape) {
      const f = memory.floats;
      for (let b = 0; b < shape.images; b++) {
        for (let k = 0; k < shape.features; k++) f[out + b * shape.features + k] = f[x + k * shape.lanes + b]!;
      }
    },

    // out[c, top + i·spread, left + j·spread] = x[c, i, j] where that lies inside the frame; 0 elsewhere
    embed2d(out, x, { channels, height, width, outHeight, outWidth, top, left, spread, lanes }) {
      const f = memory.floats;
      f.fill(0, out, out + channels * outHeight * outWidth * lanes);
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++) {
            const row = top + i * spread;
            const column = left + j * spread;
            if (row < 0 || row >= outHeight || column < 0 || column >= outWidth) continue;
            const to = out + ((c * outHeight + row) * outWidth + column) * lanes;
            const from = x + ((c * height + i) * width + j) * lanes;
            for (let b = 0; b < lanes; b++) f[to + b] = f[from + b]!;
          }
        }
      }
    },

    gatherImages(out, x, columns, { features, images, lanes, sourceLanes }) {
      const f = memory.floats;
      for (let k = 0; k < features; k++) {
        for (let i = 0; i < lanes; i++) {
          const column = i < images ? f[columns + i]! : -1;
          f[out + k * lanes + i] =
            column >= 0 && column < sourceLanes ? f[x + k * sourceLanes + Math.floor(column)]! : 0;
        }
      }
    },

    scatterImages(out, x, columns, { features, images, lanes, sourceLanes }) {
      const f = memory.floats;
      for (let k = 0; k < features; k++) {
        for (let i = 0; i < images; i++) {
          const column = f[columns + i]!;
          if (column >= 0 && column < sourceLanes)
            f[out + k * sourceLanes + Math.floor(column)]! += f[x + k * lanes + i]!;
        }
      }
    },
  };
}
