// The options and the result of nearestNeighbors().
import type { Dataset } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ImageKind } from "../../evaluate/baselines/kinds.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Summary } from "../../numeric/summary.ts";

/** Options of {@link nearestNeighbors}. */
export interface NearestNeighborsOptions {
  /** Real images of a kind, see `baseline`, or those of a distilled set, whose labels are their largest targets. */
  readonly points: ImageKind | DistilledSet;
  readonly train: Dataset;
  readonly test: Dataset;
  /** The number of points of each class, for a kind. Default 10. */
  readonly perClass?: number | undefined;
  /** The number of neighbours that vote, all equally; if classes tie, that of the nearest wins. Default 1. */
  readonly k?: number | undefined;
  /** The p of the p-norm between normalised pixels: a whole number, or Infinity. Default 2. */
  readonly p?: number | undefined;
  /** The number of sets of points. Default 5; class averages and distilled sets give one. */
  readonly draws?: number | undefined;
  /** The number of random sets of which "optimized-real" takes the best `draws`. Default 25. */
  readonly candidates?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of {@link nearestNeighbors}: test accuracies, one for each set of points. */
export interface NeighborsResult extends Summary {
  readonly draws: number;
  readonly accuracies: readonly number[];
}
