// Augmentations of images, reference (Zhao & Bilen, ICML 2021): resampling by affine maps as torch's affine_grid and grid_sample
// do it, colours, and boxes of zeros. Each is affine in the pixels, so its backward pass is its adjoint.
// x and y [c, h, w, B]; each lane has its own parameters. docs/math.md §8 has the formulas.

import type { Ops } from "../ops.ts";
import type { ImagesShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

type AugmentationOps = Pick<Ops, "warp2dForward" | "warp2dBackward" | "recolor" | "cutout">;

/** A pixel that counts for another one, and how much. */
interface Tap {
  readonly pixel: number;
  readonly weight: number;
}

/** The pixels whose weighted sum is that at row i and column j of lane b: at most four, those that the image has. */
function tapsOf(
  f: Float64Array,
  matrices: number,
  { height, width, lanes }: ImagesShape,
  i: number,
  j: number,
  b: number,
) {
  const [a, c, s, d, e, t] = [0, 1, 2, 3, 4, 5].map((k) => f[matrices + k * lanes + b]!) as [number, ...Five];
  const [top, left] = [(height - 1) / 2, (width - 1) / 2];
  const [u, v] = [j - left, i - top];
  const [row, column] = [d * u + e * v + t + top, a * u + c * v + s + left];
  const taps: Tap[] = [];
  for (const y of [Math.floor(row), Math.floor(row) + 1]) {
    for (const x of [Math.floor(column), Math.floor(column) + 1]) {
      if (!(y >= 0 && y < height && x >= 0 && x < width)) continue;
      taps.push({ pixel: y * width + x, weight: (1 - Math.abs(row - y)) * (1 - Math.abs(column - x)) });
    }
  }
  return taps;
}

type Five = [number, number, number, number, number];

export function augmentationOps(memory: Memory): AugmentationOps {
  /** Calls `each` for every float of y and each float of x that it is made of. */
  const overTaps = (
    matrices: number,
    shape: ImagesShape,
    each: (f: Float64Array, y: number, x: number, weight: number) => void,
  ): void => {
    const f = memory.floats;
    const { channels, height, width, lanes } = shape;
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        for (let b = 0; b < lanes; b++) {
          for (const { pixel, weight } of tapsOf(f, matrices, shape, i, j, b)) {
            for (let c = 0; c < channels; c++) {
              const plane = c * height * width;
              each(f, (plane + i * width + j) * lanes + b, (plane + pixel) * lanes + b, weight);
            }
          }
        }
      }
    }
  };
  const sizeOf = ({ channels, height, width, lanes }: ImagesShape): number => channels * height * width * lanes;

  return {
    warp2dForward(y, x, matrices, shape) {
      memory.floats.fill(0, y, y + sizeOf(shape));
      overTaps(matrices, shape, (f, to, from, weight) => {
        f[y + to]! += weight * f[x + from]!;
      });
    },

    warp2dBackward(dx, dy, matrices, shape) {
      memory.floats.fill(0, dx, dx + sizeOf(shape));
      overTaps(matrices, shape, (f, from, to, weight) => {
        f[dx + to]! += weight * f[dy + from]!;
      });
    },

    recolor(y, x, factors, { channels, height, width, lanes }, shifts) {
      const f = memory.floats;
      const area = height * width;
      for (let b = 0; b < lanes; b++) {
        const [own, ofPlace, ofImage, shift] = [0, 1, 2, 3].map((k) => f[factors + k * lanes + b]!) as [
          ...[number, number, number, number],
        ];
        const at = (c: number, p: number): number => (c * area + p) * lanes + b;
        const sums = Array.from({ length: area }, (_, p) => {
          let sum = 0;
          for (let c = 0; c < channels; c++) sum += f[x + at(c, p)]!;
          return sum;
        });
        const mean = sums.reduce((sum, value) => sum + value, 0) / (channels * area);
        for (let c = 0; c < channels; c++) {
          for (let p = 0; p < area; p++) {
            const value = own * f[x + at(c, p)]! + ofPlace * (sums[p]! / channels) + ofImage * mean;
            f[y + at(c, p)] = shifts ? value + shift : value;
          }
        }
      }
    },

    cutout(y, x, boxes, { channels, height, width, lanes }) {
      const f = memory.floats;
      for (let b = 0; b < lanes; b++) {
        const [top, bottom, left, right] = [0, 1, 2, 3].map((k) => f[boxes + k * lanes + b]!) as [
          ...[number, number, number, number],
        ];
        for (let p = 0; p < channels * height * width; p++) {
          const [i, j] = [Math.floor(p / width) % height, p % width];
          const inside = i >= top && i < bottom && j >= left && j < right;
          f[y + p * lanes + b] = inside ? 0 : f[x + p * lanes + b]!;
        }
      }
    },
  };
}
