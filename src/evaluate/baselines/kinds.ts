// The names of the kinds of baselines.
import { type Check, oneOf } from "../../checks/checks.ts";

/** All kinds. */
export const baselineKinds = ["random-real", "optimized-real", "class-average", "k-means"] as const;

/** The kind of images that replace distilled ones, see `baseline`. */
export type BaselineKind = (typeof baselineKinds)[number];

/** Checks for a kind of baseline. */
export const kindCheck: Check = oneOf(...baselineKinds);
