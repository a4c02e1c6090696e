// What a backend decides from shapes alone, before anything runs: how many lanes a batch is padded to, how a batch is cut
// into chunks, which way a convolution takes and what room that needs. All of it decides bits, so a planner is a pure
// function of what it is asked, and an engine in another place with the same planner computes the same.

import type { FrequencyPlanner } from "./frequency-ops.ts";
import type { PaddedConv2d, PlannedConv2d } from "./planned-conv2d.ts";

/** What a layer computes with, in plain data. */
export type PlannedLayer =
  | ({ readonly op: "conv2d" } & PaddedConv2d)
  | {
      /** `view`: the layer passes on what it gets, under another shape. */
      readonly op: "elementwise" | "linear" | "maxPool2d" | "avgPool2d" | "norm" | "localResponseNorm" | "view";
    };

/** How a convolution is computed. */
export interface Conv2dPlan {
  /** Floats of the workspace with which outputs and gradients of inputs need fewer products; 0 if they are summed directly. */
  readonly workspace: number;
  /** The same for gradients of weights. */
  readonly weightWorkspace: number;
  /**
   * Output channels of a strided convolution whose gradient is spread to stride 1 at a time, before the gradient of the
   * input is computed from them; 0 for stride 1.
   */
  readonly spread: number;
}

export interface Planner {
  /** Lanes that `images` images take in a network of these layers: at least as many. */
  lanes(layers: readonly PlannedLayer[], images: number): number;
  /** Images of a chunk of a large batch, for these layers, whose input and output have at most so many floats for an image. */
  chunk(floatsPerImage: number, layers: readonly PlannedLayer[]): number;
  /**
   * Whether the threads share every kernel of a network of so many parameters; where not, each takes chunks of its own
   * and has a gradient of its own.
   */
  sharesKernels(parameters: number): boolean;
  /** Whether the networks of a step are computed side by side, each in memory of its own, because one does not fill the machine. */
  readonly networksTogether: boolean;
  conv2d(shape: PlannedConv2d & { readonly lanes: number }): Conv2dPlan;
  /** Which convolutions go through the frequency domain, if the backend has `FrequencyOps`. */
  readonly frequency?: FrequencyPlanner | undefined;
  /** Whether networks take `NormPoolOps`, if the backend has them. */
  readonly normPool?: boolean | undefined;
  /** Bytes of memory that hold `floats` floats of buffers on `threads` threads. */
  bytes(floats: number, threads: number): number;
  /** Bytes of a float. */
  readonly floatBytes: number;
  /** Floats that hold a number of 64 bits. */
  readonly wideFloats: number;
  /** Bytes of memory that can be addressed at most; Infinity where nothing bounds them. */
  readonly addressable: number;
}
