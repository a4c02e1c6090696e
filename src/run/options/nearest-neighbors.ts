// What nearestNeighbors() takes and gives.
import type { Dataset } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { Engine } from "../../engine/engine.ts";
import type { BaselineKind } from "../../evaluate/baselines/kinds.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Summary } from "../../numeric/summary.ts";

/** Options of {@link nearestNeighbors}. */
export interface NearestNeighborsOptions {
  /** Real images of a kind, see `baseline`, or those of a distilled set, whose labels are the largest targets. */
  readonly points: BaselineKind | DistilledSet;
  readonly train: Dataset;
  readonly test: Dataset;
  /** Points of each class, of a kind. Default 10. */
  readonly perClass?: number | undefined;
  /** Neighbours that vote, each as much as the others; of equal classes that of the nearest wins. Default 1. */
  readonly k?: number | undefined;
  /** Of the p-norm between normalised pixels: a whole number, or Infinity. Default 2. */
  readonly p?: number | undefined;
  /** Different sets of points. Default 5; class averages and distilled sets are one. */
  readonly draws?: number | undefined;
  /** Random sets that "optimized-real" chooses the best `draws` of. Default 25. */
  readonly candidates?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Result of {@link nearestNeighbors}: test accuracies, one of each set of points. */
export interface NeighborsResult extends Summary {
  readonly draws: number;
  readonly accuracies: readonly number[];
}
