// What distill() takes, and the check of it.
import type { Dataset } from "../data/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { ShapeError } from "../errors.ts";
import { wholeNumber } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../random.ts";
import { type BackGradientMethod, type OuterOptions, outerOptions } from "./method.ts";
import type { OuterLoopConfig } from "./outer-loop.ts";
import { randomInit, type WeightSource } from "./weight-source.ts";

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
  readonly model: Model;
  readonly method: BackGradientMethod;
  /** Default `randomInit()`. */
  readonly init?: WeightSource;
  /** Networks per outer step, their gradients averaged. Default 1. */
  readonly networksPerStep?: number;
  /** Adam 0.01, β 0.5 and 0.999, halved every 40 passes; batch 1024; 400 `epochs` over the data unless `steps` is set. */
  readonly outer?: Partial<OuterOptions> & { readonly epochs?: number };
  /** Default 0. The same seed gives the same set, bit for bit, on any number of threads. */
  readonly seed?: number;
  /** Runs on this engine; otherwise on one of its own with `threads` threads. */
  readonly engine?: Engine;
  readonly threads?: number | "auto";
  /** Bytes that {@link estimateMemory} may come to; a run that needs more is refused before it takes any. */
  readonly memoryLimit?: number;
  /** Aborting ends the run after the step in hand; `result()` then gives what was learned so far. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a run needs to know of its data beforehand: a data set, or what is going to be one. */
export type DataShape = Pick<Dataset, "count" | "channels" | "height" | "width" | "classes"> & {
  readonly name?: string;
};

/** Throws ShapeError where a model does not take such images, RangeError where there are none. */
export function checkData({ name = "data", count, channels, height, width, classes }: DataShape, model: Model): void {
  if (channels !== model.inputShape[0] || height !== model.inputShape[1] || width !== model.inputShape[2]) {
    throw new ShapeError(
      `the model expects images [${model.inputShape}], "${name}" has [${channels},${height},${width}]`,
    );
  }
  if (classes > model.classes) {
    throw new ShapeError(`the model has ${model.classes} classes, "${name}" has ${classes}`);
  }
  if (count === 0) throw new RangeError(`"data" expected at least one image, got none`);
}

/** The options as a run takes them, defaults filled in. */
export function checked(options: DistillOptions): OuterLoopConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  checkData(data, model);
  wholeNumber("networksPerStep", networksPerStep, 1);
  return { data, model, method, init, networksPerStep, outer: outerOptions(outer, data.count), seed: checkSeed(seed) };
}
