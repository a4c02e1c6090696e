// The options and the result of an evaluation: how good networks are.
import type { Dataset } from "../data/dataset.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import type { Elsewhere } from "../engine/elsewhere.ts";
import type { Engine } from "../engine/engine.ts";
import type { Inexact } from "../engine/inexact.ts";
import type { AbortSignal } from "../host-types.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { Summary } from "../numeric/summary.ts";
import type { Confusion } from "./confusion.ts";
import type { Replay } from "./trainer.ts";

/** Test accuracies, each from 0 to 1: their mean ± standard deviation, and the 95 % interval of the mean. */
export interface Evaluation extends Summary, Inexact {
  readonly networks: number;
  readonly accuracies: readonly number[];
  /** For each network, how many test images of each class (row) it reads as each class (column). Present with `perClass`. */
  readonly confusions?: readonly Confusion[] | undefined;
  /** The accuracy in each class, over the networks; undefined for a class without images. Present with `perClass`. */
  readonly perClass?: readonly (Summary | undefined)[] | undefined;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends Replay {
  readonly set: DistilledSet;
  readonly model: Model;
  /**
   * The initial weights, as in distilling. `fixedInit` gives one network, whatever `networks` says. `pretrained` gives the
   * first `networks` of the pool, or all if there are fewer: those trained for testing, or the one distilled for.
   */
  readonly init: WeightSource;
  /** The loss to train with. Default: the one that the set was distilled for. */
  readonly loss?: Loss | undefined;
  /** The number of held-out networks. Default 20; the paper takes 200. */
  readonly networks?: number | undefined;
  /** Real images on which no network was trained. */
  readonly test: Dataset;
  /** Whether to report which classes are read as which, as `perClass` and `confusions`. Default false. */
  readonly perClass?: boolean | undefined;
  /** The seed. Default 0. Networks of an evaluation are never those of a distillation, whatever the seeds. */
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each worker, by default 1. */
  readonly threads?: number | "auto" | undefined;
  /**
   * Trains the networks on so many workers, each with an engine of its own. Default 0: in place. Accuracies do not change. If
   * one dies, a fresh one trains its network again, up to three times in a row.
   */
  readonly workers?: number | undefined;
  /** Computes networks on a cluster, in place of workers here: `cluster(…)` of distillate/cluster. Results do not change. */
  readonly on?: Elsewhere | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?:
    | ((progress: { readonly network: number; readonly networks: number; readonly accuracy: number }) => void)
    | undefined;
}
