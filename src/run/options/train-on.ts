// What trainOn() takes and gives.
import type { Floats } from "../../backend/backend.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Replay } from "../../evaluate/trainer.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** Options of {@link trainOn}. */
export interface TrainOnOptions extends Replay {
  readonly model: Model;
  /** θ_0; drawn from `init` if left out. */
  readonly parameters?: Floats | undefined;
  /** Default `randomInit()`. Of a pretrained pool it is the first network. */
  readonly init?: WeightSource | undefined;
  /** Default: the loss that the set was distilled for. */
  readonly loss?: Loss | undefined;
  /** Which network `init` draws, what its dropout drops, and a shuffled order of blocks. Default 0. */
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
}

/** A trained network. Its arrays are Float64Array where it was trained on an engine of the reference backend. */
export interface TrainedNetwork {
  readonly model: Model;
  /** θ_T, flat in module order. */
  readonly parameters: Float32Array;
  /** Classes and logits [n, classes] of images [n, c, h, w], normalised as the set is (its `mean` and `std`). */
  predict(images: Floats): Promise<{ classes: Uint8Array; logits: Float32Array }>;
  /** Gives up the engine, if the network has one of its own. */
  dispose(): Promise<void>;
}
