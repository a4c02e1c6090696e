// What distill() takes and tells.
import type { Augmentation } from "../../data/augment.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { GivenMethod } from "../../distill/methods/options.ts";
import type { RunState } from "../../distill/run-state.ts";
import type { GivenOuterOptions } from "../../distill/outer-options.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** One outer step, done. */
export interface Progress {
  /** Outer steps done, from 1. */
  readonly step: number;
  /** Outer steps in all. */
  readonly steps: number;
  /** Passes over the real data done, in part. */
  readonly epoch: number;
  /** Outer loss of this step: of trained networks on the real batch, before the update. */
  readonly loss: number;
  /** Adam's step size. */
  readonly learningRate: number;
}

/** Options of {@link distill}. */
export interface DistillOptions {
  /** Real images to learn from. */
  readonly data: Dataset;
  /** What is done to the real images of each outer batch, drawn anew. Default: nothing. */
  readonly augment?: Augmentation | undefined;
  readonly model: Model;
  /** What {@link backGradient} or another function of a method gives, or a method of your own. */
  readonly method: GivenMethod;
  /** Default `randomInit()`. */
  readonly init?: WeightSource | undefined;
  /** Of the inner steps and of the outer batch. Default "cross-entropy". */
  readonly loss?: Loss | undefined;
  /** Networks per outer step, their gradients averaged. Default 1. */
  readonly networksPerStep?: number | undefined;
  /**
   * Adam 0.01, β 0.5 and 0.999, halved every 40 passes; batch 1024; 400 `epochs` over the data unless `steps` is set; no
   * `clip` of long gradients.
   */
  readonly outer?: GivenOuterOptions | undefined;
  /** Default 0. The same seed gives the same set, bit for bit, on any number of threads. */
  readonly seed?: number | undefined;
  /** Goes on from this state of a run of the same specification, and ends with the bytes of one that never stopped. */
  readonly resume?: RunState | undefined;
  /** Runs on this engine; otherwise on one of its own with `threads` threads. */
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto" | undefined;
  /**
   * Runs the networks of an outer step on so many workers, each with an engine of its own. Default 0: in place. The set
   * is the same, bit for bit. No more are started than `networksPerStep`, which would have nothing to do.
   */
  readonly workers?: number | undefined;
  /** Bytes that {@link estimateMemory} may come to; a run that needs more is refused before it takes any. */
  readonly memoryLimit?: number | undefined;
  /**
   * Aborting ends the run after the step in hand, which workers give up; `result()` then gives what was learned so far.
   */
  readonly signal?: AbortSignal | undefined;
  /** An async one is waited for. What it throws ends the run, and is what `result()` rejects with. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
