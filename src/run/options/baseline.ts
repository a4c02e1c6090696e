// The options and the result of baseline().
import type { Dataset } from "../../data/dataset.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Elsewhere } from "../../engine/elsewhere.ts";
import type { Engine } from "../../engine/engine.ts";
import type { BaselineKind } from "../../evaluate/baselines/kinds.ts";
import type { SetShape } from "../../evaluate/baselines/real-set.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** Options of {@link baseline}. */
export interface BaselineOptions {
  readonly kind: BaselineKind;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** The networks by which choices are made. Default: more of `init`; for held-out pretrained ones give those of the distillation. */
  readonly tuningInit?: WeightSource | undefined;
  /** The set whose number of images, gradient steps, momentum and weight decay, or protocol of training, are used. */
  readonly like: SetShape;
  /** The loss to train with. Default: the one that `like` was distilled for. */
  readonly loss?: Loss | undefined;
  /** The number of held-out networks; with `fixedInit`, of sets on which that network is trained, if the kind has as many. */
  readonly networks: number;
  /**
   * The numbers of epochs to choose from. Default: that of `like`, which gives as many gradient steps. If `like` has a
   * protocol of training, that says it.
   */
  readonly epochs?: readonly number[] | undefined;
  /** The number of sets on which networks take turns: clusterings of "k-means", the best of "optimized-real". Default 5. */
  readonly draws?: number | undefined;
  /** The number of random sets of which "optimized-real" takes the best `draws`. Default 25. */
  readonly candidates?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
  /** The number of workers, as for `evaluate`. */
  readonly workers?: number | undefined;
  /** Computes networks on a cluster, in place of workers here: `cluster(…)` of distillate/cluster. Results do not change. */
  readonly on?: Elsewhere | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of {@link baseline}. */
export interface BaselineResult extends Evaluation {
  readonly kind: BaselineKind;
  /** The chosen learning rate, which is constant, or the one that the protocol begins with. */
  readonly learningRate: number;
  /** The chosen number of epochs, or that of the protocol. */
  readonly epochs: number;
}
