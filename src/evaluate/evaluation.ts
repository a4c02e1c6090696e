// What an evaluation takes, and how good networks are: accuracies, and what they come to.
import type { Dataset } from "../data/dataset.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import type { Engine } from "../engine/engine.ts";
import type { AbortSignal } from "../host-types.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { Summary } from "../numeric/summary.ts";
import type { Confusion } from "./confusion.ts";
import type { Replay } from "./trainer.ts";

/** Test accuracies, each from 0 to 1: their mean ± standard deviation, and the 95 % interval of the mean. */
export interface Evaluation extends Summary {
  readonly networks: number;
  readonly accuracies: readonly number[];
  /** Of each network: how many test images of each class (row) it reads as each class (column). Where asked for. */
  readonly confusions?: readonly Confusion[] | undefined;
  /** The accuracy in each class, over the networks; undefined where there are no such images. Where asked for. */
  readonly perClass?: readonly (Summary | undefined)[] | undefined;
  /** Present where the networks were trained with relaxed SIMD: another machine may measure otherwise. */
  readonly simd?: "relaxed" | undefined;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends Replay {
  readonly set: DistilledSet;
  readonly model: Model;
  /**
   * As in distilling: with `fixedInit` it is that one network, whatever `networks` says. With `pretrained` it is the
   * first `networks` of the pool, or all if there are fewer: those trained for testing, or the one distilled for.
   */
  readonly init: WeightSource;
  /** To train with. Default: the loss that the set was distilled for. */
  readonly loss?: Loss | undefined;
  /** Held-out networks. Default 20; the paper takes 200. */
  readonly networks?: number | undefined;
  /** Real images nobody has trained on. */
  readonly test: Dataset;
  /** Also reports which classes are read as which: `perClass` and `confusions` of the evaluation. Default false. */
  readonly perClass?: boolean | undefined;
  /** Default 0. Networks of an evaluation are never those of a distillation, whatever the seeds. */
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto" | undefined;
  /** Trains the networks on so many workers, each with an engine of its own. Default 0: in place. Same accuracies. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?:
    | ((progress: { readonly network: number; readonly networks: number; readonly accuracy: number }) => void)
    | undefined;
}
