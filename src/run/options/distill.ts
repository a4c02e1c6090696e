// The options and the progress of distill().
import type { Augmentation } from "../../data/augment.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { ImagesChoice } from "../../distill/image-options.ts";
import type { GivenMethod } from "../../distill/methods/known.ts";
import type { GivenOuterOptions } from "../../distill/outer-options.ts";
import type { Halving, RunState } from "../../distill/run-state.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Elsewhere } from "../../engine/elsewhere.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";

/** The progress after an outer step. */
export interface Progress {
  /** The number of outer steps done, from 1. */
  readonly step: number;
  /** The number of all outer steps. */
  readonly steps: number;
  /** The number of passes over the real data, with its fraction. */
  readonly epoch: number;
  /**
   * The outer loss of this step, before the update: what the method makes small. For back-gradient it is the loss of trained
   * networks on the real batch.
   */
  readonly loss: number;
  /** The outer optimiser's step size. */
  readonly learningRate: number;
  /** The divergences after which the run went back, each of which halved the step size; absent if there were none. */
  readonly halvings?: readonly Halving[] | undefined;
}

/** Options of {@link distill}. */
export interface DistillOptions {
  /** Real images to learn from. */
  readonly data: Dataset;
  /**
   * Augments the real images of each outer batch, drawn anew. Default: nothing. It is refused with a method that takes
   * none, such as {@link distributionMatching}, which has an `augment` of its own.
   */
  readonly augment?: Augmentation | undefined;
  readonly model: Model;
  /** What {@link backGradient} or another function of a method gives, or a method of your own. */
  readonly method: GivenMethod;
  /**
   * What stands behind the images: their pixels (the default), tiles (`formation`) or weighted sums of bases (`memories`). The method
   * counts images by their storage; with these, more images come of it.
   */
  readonly images?: ImagesChoice | undefined;
  /** Default `randomInit()`. */
  readonly init?: WeightSource | undefined;
  /** The loss of the inner steps and of the outer batch. Default "cross-entropy". */
  readonly loss?: Loss | undefined;
  /** The number of networks per outer step, whose gradients are averaged. Default 1. */
  readonly networksPerStep?: number | undefined;
  /**
   * Adam 0.01, β 0.5 and 0.999, halved every 40 passes; batch 1024; 400 `epochs` over the data unless `steps` is set; no
   * `clip` of long gradients; `onDivergence: "stop"`, where "halve" goes back some steps, with half the step size.
   */
  readonly outer?: GivenOuterOptions | undefined;
  /** Default 0. The same seed gives the same set, bit for bit, on any number of threads. */
  readonly seed?: number | undefined;
  /** Goes on from this state of a run of the same specification, and ends with the bytes of one that never stopped. */
  readonly resume?: RunState | undefined;
  /** Runs on this engine; otherwise on one of its own with `threads` threads. */
  readonly engine?: Engine | undefined;
  /** Kernel threads; with several workers those of each worker, by default 1. */
  readonly threads?: number | "auto" | undefined;
  /**
   * Runs the networks of an outer step on so many workers, each with an engine of its own. Default 0: in place. The set
   * is the same, bit for bit. At most `networksPerStep` are started, because more would have nothing to do.
   * If one dies, a fresh one computes its network again, up to three times in a row; then the run ends with a WorkerError.
   */
  readonly workers?: number | undefined;
  /**
   * Where the networks of an outer step run, in place of workers here: `cluster(…)` of distillate/cluster. The set is the same, bit for
   * bit.
   */
  readonly networks?: Elsewhere | undefined;
  /** The most bytes that {@link estimateMemory} may give; a run that needs more is refused before it takes any. */
  readonly memoryLimit?: number | undefined;
  /**
   * Aborting ends the run, which gives up the current step; `result()` then gives what was learned so far.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called after outer steps. A promise that it returns is awaited. What it throws ends the run, and `result()` rejects with it. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
