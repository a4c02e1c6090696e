// What baseline() takes and gives.
import type { Dataset } from "../../data/dataset.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
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
  /** Networks that choices are made by. Default: more of `init`; for held-out pretrained ones give those of the distillation. */
  readonly tuningInit?: WeightSource | undefined;
  /** As many images and gradient steps as this set has, with its momentum and weight decay. */
  readonly like: SetShape;
  /** To train with. Default: the loss that `like` was distilled for. */
  readonly loss?: Loss | undefined;
  /** Held-out networks; with `fixedInit` that network on so many sets, where the kind has so many. */
  readonly networks: number;
  /** Numbers of epochs to choose from. Default: that of `like`, and so as many gradient steps. */
  readonly epochs?: readonly number[] | undefined;
  /** Sets that networks take turns on: clusterings of "k-means", the best of "optimized-real". Default 5. */
  readonly draws?: number | undefined;
  /** Random sets that "optimized-real" chooses the best `draws` of. Default 25. */
  readonly candidates?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
  /** As for `evaluate`. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Result of {@link baseline}. */
export interface BaselineResult extends Evaluation {
  readonly kind: BaselineKind;
  /** Chosen, constant. */
  readonly learningRate: number;
  /** Chosen. */
  readonly epochs: number;
}
