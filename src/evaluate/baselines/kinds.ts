// The kinds of baselines, by name.
import { type Check, oneOf } from "../../checks/checks.ts";

/** Every kind there is. */
export const baselineKinds = ["random-real", "optimized-real", "class-average", "k-means"] as const;

/** What stands in for distilled images, see `baseline`. */
export type BaselineKind = (typeof baselineKinds)[number];

/** The check of a kind of baseline. */
export const kindCheck: Check = oneOf(...baselineKinds);
