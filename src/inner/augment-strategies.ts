// The augmentation of distilled images (Zhao & Bilen, *Dataset Condensation with Differentiable Siamese Augmentation*, ICML
// 2021): of the strategies that are given, one is drawn for each step, and its parameters for each image; or both for each group of
// images. Every strategy is one op that is affine in the pixels. docs/math.md §8 has the formulas.
//
// Everything is drawn here, on the host, from addressed streams: four numbers u from 0 to 1 for each image or group. The
// reference code of the paper draws the two directions of a shift or scale, and the three colours, from one seed each time when a
// group shares them; here they are independent.

import type { ImageShape } from "../nn/layer.ts";
import { cosine, sine } from "../numeric/elementary.ts";
import { type RandomKey, uniforms } from "../numeric/philox.ts";

/** The names of the strategies, as the paper has them. */
export const strategyNames = ["color", "crop", "cutout", "flip", "scale", "rotate"] as const;

/** What may be done to images: change their colours, shift them, cut out a box, mirror them, scale or rotate them. */
export type AugmentStrategy = (typeof strategyNames)[number];

/** The ranges of the paper: shares of a side, of a step, degrees. */
const BRIGHTNESS = 1;
const SATURATION = 2;
const CONTRAST = 0.5;
const CROP = 0.125;
const CUTOUT = 0.5;
const FLIP = 0.5;
const SCALE = 1.2;
const ROTATE = 15;

/** The op of a strategy and its parameters for one image. */
interface Rule {
  readonly op: AugmentOp;
  readonly parameters: (u: readonly [number, number, number, number], shape: ImageShape) => readonly number[];
}

/** Draws a whole number from 0 to n − 1. */
const wholeOf = (u: number, n: number): number => Math.floor(u * n);
/** The share of a side, as the paper's code rounds it. */
const shareOf = (side: number, share: number): number => Math.floor(side * share + 0.5);

const rules: Readonly<Record<AugmentStrategy, Rule>> = {
  // brightness x + b, then saturation s·x + (1 − s)·⟨x⟩_c, then contrast k·x + (1 − k)·⟨x⟩: means keep what is added to all.
  color: {
    op: "recolor",
    parameters([brightness, saturation, contrast]) {
      const b = (brightness - 0.5) * BRIGHTNESS;
      const s = saturation * SATURATION;
      const k = contrast + CONTRAST;
      return [k * s, k * (1 - s), 1 - k, b];
    },
  },
  crop: {
    op: "warp2d",
    parameters([u, v], [, height, width]) {
      const [down, across] = [shareOf(height, CROP), shareOf(width, CROP)];
      return [1, 0, wholeOf(v, 2 * across + 1) - across, 0, 1, wholeOf(u, 2 * down + 1) - down];
    },
  },
  cutout: {
    op: "cutout",
    parameters([u, v], [, height, width]) {
      const [top, bottom] = span(u, height);
      const [left, right] = span(v, width);
      return [top, bottom, left, right];
    },
  },
  flip: {
    op: "warp2d",
    parameters: ([u]) => [u < FLIP ? -1 : 1, 0, 0, 0, 1, 0],
  },
  scale: {
    op: "warp2d",
    parameters: ([u, v]) => [1 / SCALE + u * (SCALE - 1 / SCALE), 0, 0, 0, 1 / SCALE + v * (SCALE - 1 / SCALE), 0],
  },
  rotate: {
    op: "warp2d",
    parameters([u]) {
      const angle = ((2 * u - 1) * ROTATE * Math.PI) / 180;
      return [cosine(angle), -sine(angle), 0, sine(angle), cosine(angle), 0];
    },
  },
};

/** Where a box that has its share of a side begins, and where it ends: its middle may be anywhere, so part of it may be outside. */
function span(u: number, side: number): readonly [from: number, to: number] {
  const size = shareOf(side, CUTOUT);
  const from = wholeOf(u, side + 1 - (size % 2)) - Math.floor(size / 2);
  return [from, from + size];
}

/** The parameters of each op, as many as it has, with which it leaves an image as it is. */
const unchanged = {
  warp2d: [1, 0, 0, 0, 1, 0],
  recolor: [1, 0, 0, 0],
  cutout: [0, 0, 0, 0],
} as const;

/** An op of an augmentation. */
export type AugmentOp = keyof typeof unchanged;

/** Rows of parameters of an op. */
export const rowsOf = (op: AugmentOp): number => unchanged[op].length;

/** The ops that any of these strategies uses, in a fixed order. */
export function opsOf(strategies: readonly AugmentStrategy[]): readonly AugmentOp[] {
  const all = Object.keys(unchanged) as AugmentOp[];
  return all.filter((op) => strategies.some((strategy) => rules[strategy].op === op));
}

/** The images of a batch that are augmented together. */
export interface DrawnImages {
  readonly count: number;
  /** The position in the batch of the first of them. Default 0; a batch is augmented alike in whatever pieces. */
  readonly first?: number;
  /**
   * Siamese augmentation: the group of the image at a position of the batch. Each group has a strategy of its own, and one set of
   * parameters for all its images, in this batch and in any other that is drawn by the same key. By default one strategy is drawn
   * for the batch, and parameters for each image.
   */
  readonly groupOf?: ((position: number) => number) | undefined;
}

/** What is done to each of some images: one op with its parameters. */
export interface DrawnImage {
  readonly op: AugmentOp;
  readonly parameters: readonly number[];
}

/** Draws what is done to each image of a batch, by one of `strategies`: the same for the same key. */
export function drawImages(
  strategies: readonly AugmentStrategy[],
  shape: ImageShape,
  key: RandomKey,
  { count, first = 0, groupOf }: DrawnImages,
): readonly DrawnImage[] {
  return Array.from({ length: count }, (_, i) => {
    const group = groupOf?.(first + i);
    const [u] = uniforms(key, group ?? 0, 0);
    const { op, parameters } = rules[strategies[wholeOf(u, strategies.length)]!];
    return { op, parameters: parameters(uniforms(key, group ?? first + i, 1), shape) };
  });
}

/** Writes the parameters of `op` as [rows, lanes]. Images with another op, and lanes without an image, are left as they are. */
export function parametersInto(
  out: { [index: number]: number },
  at: number,
  op: AugmentOp,
  drawn: readonly DrawnImage[],
  lanes: number,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    const image = drawn[lane];
    const values = image?.op === op ? image.parameters : unchanged[op];
    for (let k = 0; k < rowsOf(op); k++) out[at + k * lanes + lane] = values[k]!;
  }
}
