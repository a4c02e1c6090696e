// The operations of a convolution through the frequency domain, which the kernels have beside those of every backend: a layer takes
// them where `Planner.frequency` says so. What they hand on is theirs alone: spectra, weights and gradients in the layouts of
// assembly/rare/frequency.ts. The rules of ops.ts hold.
import type { Buffer, OptionalBuffer } from "./buffer.ts";
import type { PaddedConv2d } from "./planned-conv2d.ts";

/** A stride-1 convolution with a square kernel, with as many zeros around its input as keep its size. */
export interface FrequencyShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  /** Points a side of the transform. */
  readonly side: number;
  readonly lanes: number;
  /** Images of a block, which are transformed and multiplied together. */
  readonly laneBlock: number;
}

/** Floats of what the operations hand on. */
export interface FrequencyFloats {
  /** Of a spectrum of the layer's inputs, and of its outputs. */
  readonly inputs: number;
  readonly outputs: number;
  /** Of weights, in either form. */
  readonly weights: number;
  /** Of a gradient of weights. */
  readonly gradient: number;
}

/** Which layers go through the frequency domain, and the room that this takes. */
export interface FrequencyPlanner {
  /** Returns undefined for a layer that does not. */
  shape(layer: PaddedConv2d & { readonly lanes: number }): FrequencyShape | undefined;
  floats(shape: FrequencyShape): FrequencyFloats;
}

export interface FrequencyOps {
  /** spectrum = T(x): of the layer's inputs [c, h, w, B], or of what lies where its outputs do. */
  spectrumForward(spectrum: Buffer, x: Buffer, of: "inputs" | "outputs", shape: FrequencyShape): void;
  /** y = T⁻¹(spectrum) + bias, likewise */
  spectrumBack(
    y: Buffer,
    spectrum: Buffer,
    bias: OptionalBuffer,
    of: "inputs" | "outputs",
    shape: FrequencyShape,
  ): void;
  /** u = T(w) for outputs, and turned for gradients of inputs; either may be left out. w [oc, c, r, r] */
  frequencyWeights(u: OptionalBuffer, turned: OptionalBuffer, w: Buffer, shape: FrequencyShape): void;
  /** The spectrum y of the outputs (+)= u·x, with x the spectrum of the inputs */
  frequencyForward(y: Buffer, x: Buffer, u: Buffer, shape: FrequencyShape, accumulate: boolean): void;
  /** The spectrum dx (+)= conj(u)ᵀ·dy, from the turned weights */
  frequencyBackwardData(dx: Buffer, dy: Buffer, turned: Buffer, shape: FrequencyShape, accumulate: boolean): void;
  /** g (+)= Σ dy·conj(x) over all images, of two spectra */
  frequencyBackwardWeights(g: Buffer, dy: Buffer, x: Buffer, shape: FrequencyShape, accumulate: boolean): void;
  /** dw (+)= T⁻¹(g) */
  frequencyWeightsBack(dw: Buffer, g: Buffer, shape: FrequencyShape, accumulate: boolean): void;
}

/** The same on a backend that may have none of them: all are there, or none. */
export type OptionalFrequencyOps = { [Name in keyof FrequencyOps]?: FrequencyOps[Name] | undefined };
