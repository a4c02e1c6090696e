// The sizes that ops are given. `lanes` is the padded number of images of an activation (backend.ts).
import type { Buffer, OptionalBuffer } from "./buffer.ts";
import type { Planner } from "./plan.ts";

/** A stride-`stride` convolution over an input that already holds its padding. Sizes in elements. */
export interface Conv2dShape {
  readonly inChannels: number;
  /** Rows and columns of the padded input. */
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly lanes: number;
}

/** A stride-1 convolution seen from its input, which does not hold its padding; see `Ops.conv2dBackwardData`. */
export interface Conv2dBackwardDataShape {
  readonly inChannels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outChannels: number;
  /** Rows and columns of dy; for a larger stride, those after spreading. */
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly padding: number;
  readonly lanes: number;
}

/** Puts an image [height, width] into a larger or smaller frame; see `Ops.embed2d`. */
export interface Embed2dShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Where row 0 and column 0 land in the frame; may be negative, which crops. */
  readonly top: number;
  readonly left: number;
  /** Distance in the frame between neighbours of the image. */
  readonly spread: number;
  readonly lanes: number;
}

/** Images [channels, height, width, lanes]. */
export interface ImagesShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly lanes: number;
}

/** Planes [inHeight, inWidth] and what is made of them, [outHeight, outWidth]; see `Ops.resize2dForward`. */
export interface Resize2dShape {
  readonly channels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly lanes: number;
}

/** Some images of many: `images` of the `sourceLanes` columns that there are, in `lanes` lanes; see `Ops.gatherImages`. */
export interface GatherShape {
  readonly features: number;
  readonly images: number;
  readonly lanes: number;
  readonly sourceLanes: number;
}

export interface LinearShape {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly lanes: number;
}

export interface Pool2dShape {
  readonly channels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padding: number;
  readonly lanes: number;
}

/**
 * Average pooling into bins: output row i has the input rows from ⌊i·inHeight / outHeight⌋ to before
 * ⌈(i + 1)·inHeight / outHeight⌉, and columns likewise (PyTorch).
 */
export interface AdaptivePool2dShape {
  readonly channels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly lanes: number;
}

/** Average pooling with windows of one size over an input padded with zeros. */
export interface AvgPool2dShape extends AdaptivePool2dShape {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padding: number;
}

/**
 * Smooth activations y = f(x). Their slope f′ is a function of `p`, which is y for tanh (1 − y²) and sigmoid
 * (y·(1 − y)), and x for softplus (sigmoid(x)).
 */
export type Activation = "tanh" | "sigmoid" | "softplus";

/**
 * What is normalised together: a set is `channels / groups` neighbouring channels over all positions, of one image or,
 * `acrossImages`, of all `images` real ones.
 */
export interface NormShape {
  readonly channels: number;
  readonly groups: number;
  /** Positions: rows times columns. */
  readonly area: number;
  readonly images: number;
  readonly lanes: number;
  readonly acrossImages: boolean;
}

/** The operands and results of `normBackward`. */
export interface NormBackwardPrimal {
  readonly dy: Buffer;
  readonly x: Buffer;
  readonly statistics: Buffer;
  readonly sums: Buffer;
  readonly weight: OptionalBuffer;
}

/** The tangents of these; `rx` and `rWeight` are as in `normForwardR`. */
export interface NormBackwardTangent {
  readonly rdy: Buffer;
  readonly rx: OptionalBuffer;
  readonly rStatistics: OptionalBuffer;
  readonly rWeight: OptionalBuffer;
}

/** `size` channels count for each: from ⌊size/2⌋ before it to ⌈size/2⌉ − 1 after it (PyTorch). */
export interface LocalResponseNormShape {
  readonly channels: number;
  /** Rows times columns. */
  readonly area: number;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  /** Above 0. */
  readonly k: number;
  readonly lanes: number;
}

/** `images` of the `lanes` lanes are real; means are over those. */
export interface LossShape {
  readonly classes: number;
  readonly images: number;
  readonly lanes: number;
}

/** `images` of the `lanes` columns are real; each has so many features. */
export interface RidgeShape {
  readonly features: number;
  readonly images: number;
  readonly lanes: number;
}

/** Floats of the factor that `ridgeFactor` makes for so many images, and of the workspace of each row of `ridgeSolve`. */
export function ridgeFloats(
  images: number,
  { wideFloats }: Pick<Planner, "wideFloats">,
): { readonly factor: number; readonly row: number } {
  return { factor: (wideFloats * images * (images + 1)) / 2, row: wideFloats * images };
}

/** The variance of the biases of an infinitely wide network; that of weights is 2 over the number of inputs. */
export const kernelBias = 0.01;

/** A kernel of infinitely wide ReLU networks with so many hidden layers: the tangent kernel, or that of the outputs. */
export interface ArcCosine {
  readonly depth: number;
  readonly tangent: boolean;
}

/** `images` of the `lanes` columns of x are real, and `yImages` of the `yLanes` columns of y. */
export interface KernelShape extends RidgeShape, ArcCosine {
  readonly yImages: number;
  readonly yLanes: number;
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** 1 for the first update: the exponent of the bias corrections. */
  readonly step: number;
}

export interface AdamDirectionOptions extends Omit<AdamOptions, "learningRate"> {
  readonly weightDecay: number;
}

export interface AdamAdjointOptions extends Omit<AdamOptions, "learningRate"> {}

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
}
