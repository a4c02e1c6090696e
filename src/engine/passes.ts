// The arguments and results of a bound network's passes: arrays as users hold them.
import type { Floats } from "../backend/buffer.ts";
import type { TrajectoryMemory } from "../inner/segments.ts";
import type { Targets } from "./validate.ts";

/** Images [n, c, h, w], and class indices [n] or soft targets [n, classes]. */
export interface LabelledImages {
  readonly images: Floats;
  readonly targets: Targets;
}

/** Options of calls that may draw random numbers. */
export interface Chance {
  /**
   * Names the masks of dropout layers, as in training: the same seed gives the same masks in every call, and every
   * inner step of a meta-gradient has masks of its own. Without it nothing is dropped, as in evaluation.
   */
  readonly dropoutSeed?: number | undefined;
}

/** Result of {@link BoundNetwork.gradients}: the mean loss over the batch and its derivatives. */
export interface Gradients<Values extends Floats = Floats> {
  readonly loss: number;
  /** [n, classes] */
  readonly logits: Values;
  /** ∂ℓ/∂θ, flat */
  readonly parameters: Values;
  /** ∂ℓ/∂images [n, c, h, w] */
  readonly images: Values;
  /** ∂ℓ/∂targets [n, classes] */
  readonly targets: Values;
}

/** Result of {@link BoundNetwork.hessianVectorProduct}. */
export interface HessianVectorProduct<Values extends Floats = Floats> {
  /** H_θθ·v, flat */
  readonly parameters: Values;
  /** H_xθ·v [n, c, h, w] */
  readonly images: Values;
  /** H_yθ·v [n, classes] */
  readonly targets: Values;
}

/** Arguments of {@link BoundNetwork.hessianVectorProducts}. */
export interface HessianVectorProductsInput extends LabelledImages, Chance {
  /** One θ for all vectors, or one for each. */
  readonly parameters: Floats | readonly Floats[];
  /** Directions in weight space, at least one. */
  readonly vectors: readonly Floats[];
}

/** Arguments of {@link BoundNetwork.features}. */
export interface FeaturesInput {
  readonly parameters: Floats;
  /** [n, c, h, w] */
  readonly images: Floats;
  /** The index in `model.layers` of the layer whose output is wanted. Default: the layer before the last linear one. */
  readonly layer?: number | undefined;
}

/** The result of {@link BoundNetwork.featureGradients}. */
export interface FeatureGradients<Values extends Floats = Floats> {
  /** (∂features/∂images)ᵀ·cotangents [n, c, h, w] */
  readonly images: Values;
  /** (∂features/∂θ)ᵀ·cotangents, flat; it is 0 for the layers above. */
  readonly parameters: Values;
}

/** Arguments of {@link BoundNetwork.metaGradient}. */
export interface MetaGradientOptions extends Chance {
  /** θ_0 */
  readonly parameters: Floats;
  /** The blocks, all of one size, used in order in each epoch. */
  readonly steps: readonly LabelledImages[];
  /** Passes over the blocks. Default 1. */
  readonly epochs?: number | undefined;
  /** [steps × epochs], in the order of use. */
  readonly learningRates: Floats | readonly number[];
  /** The momentum of the inner steps, as in torch.optim.SGD: v ← momentum·v + ∇ℓ + weightDecay·θ, θ ← θ − η·v. Default 0. */
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** The outer batch. */
  readonly real: LabelledImages;
  /** How much of the inner steps is held for the reverse sweep; the same bits. Default "store", the fastest. */
  readonly memory?: TrajectoryMemory | undefined;
}

/** Result of {@link BoundNetwork.metaGradient}: the outer loss after the inner steps and its derivatives. */
export interface MetaGradient<Values extends Floats = Floats> {
  readonly loss: number;
  /** The gradient of each block's images [n, c, h, w], summed over epochs. */
  readonly images: readonly Values[];
  /** The gradient of each block's targets [n, classes], summed over epochs. */
  readonly targets: readonly Values[];
  /** [steps × epochs] */
  readonly learningRates: Values;
  /** θ_T */
  readonly parameters: Values;
  /** ∂L/∂θ_0 */
  readonly initial: Values;
}
