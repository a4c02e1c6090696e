// The names of the kinds of baselines.
import { type Check, oneOf } from "../../checks/checks.ts";

/** Kinds of images with labels of their own. */
export const imageKinds = ["random-real", "optimized-real", "class-average", "k-means", "k-center", "herding"] as const;

/** All kinds; the labels of "random-soft" are those of a teacher. */
export const baselineKinds = [
  "random-real",
  "optimized-real",
  "class-average",
  "k-means",
  "k-center",
  "herding",
  "random-soft",
] as const;

/** A kind of images that replace distilled ones and have their own labels. */
export type ImageKind = (typeof imageKinds)[number];

/** The kind of images that replace distilled ones, see `baseline`. */
export type BaselineKind = (typeof baselineKinds)[number];

/** Checks for a kind of baseline. */
export const kindCheck: Check = oneOf(...baselineKinds);

/** Checks for a kind of images with labels of their own. */
export const imageKindCheck: Check = oneOf(...imageKinds);
