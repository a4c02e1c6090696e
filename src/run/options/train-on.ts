// The options and the result of trainOn().
import type { Floats } from "../../backend/buffer.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Replay } from "../../evaluate/trainer.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** Options of {@link trainOn}. */
export interface TrainOnOptions extends Replay {
  readonly model: Model;
  /** θ_0; by default it is drawn from `init`. */
  readonly parameters?: Floats | undefined;
  /** The source of θ_0; of a pretrained pool the first network is taken. Default `randomInit()`. */
  readonly init?: WeightSource | undefined;
  /** The loss to train with. Default: the one that the set was distilled for. */
  readonly loss?: Loss | undefined;
  /** Decides which network `init` draws, what its dropout drops, and a shuffled order of blocks. Default 0. */
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
}

/** A trained network. Its arrays are Float64Array if it was trained on an engine of the reference backend. */
export interface TrainedNetwork {
  readonly model: Model;
  /** θ_T, flat in module order. */
  readonly parameters: Float32Array;
  /**
   * Returns classes and logits [n, classes] of images [n, c, h, w], normalised as the set is (its `mean` and `std`). If the set has
   * a whitening, the network whitens them itself.
   */
  predict(images: Floats): Promise<{ classes: Uint8Array; logits: Float32Array }>;
  /** Disposes the engine, if the network has one of its own. */
  dispose(): Promise<void>;
}
