// How images lie in memory, reference: between the user's row by row and images innermost, and into frames.
// images [n, features], packed [features, B]; embed2d: x [c, h, w, B], out [c, oh, ow, B].

import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

export function layoutOps(memory: Memory): Pick<Ops, "packImages" | "unpackImages" | "embed2d"> {
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
  };
}
