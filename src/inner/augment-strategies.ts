// The augmentation of distilled images (Zhao & Bilen, *Dataset Condensation with Differentiable Siamese Augmentation*, ICML
// 2021): of the strategies that are given, one is drawn for each step, and its parameters for each image. Every strategy is one op
// that is affine in the pixels. docs/math.md §8 has the formulas.
//
// Everything is drawn here, on the host, from addressed streams: four numbers u from 0 to 1 for each position of the batch. The
// reference code of the paper draws the two directions of a shift or scale, and the three colours, from one seed when a whole
// batch shares them, so that they are equal; here they are independent.

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
  readonly op: "warp2d" | "recolor" | "cutout";
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

/** What each op gets in lanes that hold no image: it leaves them as they are. */
const nothing: Readonly<Record<Rule["op"], readonly number[]>> = {
  warp2d: [1, 0, 0, 0, 1, 0],
  recolor: [1, 0, 0, 0],
  cutout: [0, 0, 0, 0],
};

/** Rows of parameters that any strategy has at most. */
export const mostParameters = 6;

/** An op, with its parameters for each lane of a batch. */
export interface DrawnStrategy {
  readonly op: Rule["op"];
  /** Writes the parameters as [mostParameters, lanes]; rows that the op lacks are zero. */
  into(out: { [index: number]: number }, lanes: number): void;
}

/** The images of a batch that are augmented together. */
export interface DrawnImages {
  readonly count: number;
  /** The position in the batch of the first of them. Default 0; a batch is augmented alike in whatever pieces. */
  readonly first?: number;
  /** Whether all images of the batch have the same parameters, those of position 0. Default false. */
  readonly siamese?: boolean;
}

/** Draws the strategy of a step, one of `strategies`, and its parameters, as `key` says: the same for the same key. */
export function drawStrategy(
  strategies: readonly AugmentStrategy[],
  shape: ImageShape,
  key: RandomKey,
  { count, first = 0, siamese = false }: DrawnImages,
): DrawnStrategy {
  const { op, parameters } = rules[strategies[wholeOf(uniforms(key, 0, 0)[0], strategies.length)]!];
  return {
    op,
    into(out, lanes) {
      for (let lane = 0; lane < lanes; lane++) {
        const position = siamese ? 0 : first + lane;
        const values = lane < count ? parameters(uniforms(key, position, 1), shape) : nothing[op];
        for (let k = 0; k < mostParameters; k++) out[k * lanes + lane] = values[k] ?? 0;
      }
    },
  };
}
