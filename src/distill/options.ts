// What distill() takes, and the check of it.
import { type Augmentation, checkAugmentation } from "../data/augment.ts";
import { checkDataset } from "../data/check-dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { wholeNumber } from "../nn/layer.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../random.ts";
import { checkWorkers } from "../worker/client.ts";
import { checkClasses, checkImages } from "./fit.ts";
import { distilledClasses, initialLabels } from "./initial-labels.ts";
import { type BackGradientMethod, type OuterOptions, outerOptions } from "./method.ts";
import type { OuterLoopConfig } from "./outer-loop.ts";
import { checkInit } from "./pretrained.ts";
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
  /** What is done to the real images of each outer batch, drawn anew. Default: nothing. */
  readonly augment?: Augmentation;
  readonly model: Model;
  readonly method: BackGradientMethod;
  /** Default `randomInit()`. */
  readonly init?: WeightSource;
  /** Of the inner steps and of the outer batch. Default "cross-entropy". */
  readonly loss?: Loss;
  /** Networks per outer step, their gradients averaged. Default 1. */
  readonly networksPerStep?: number;
  /**
   * Adam 0.01, β 0.5 and 0.999, halved every 40 passes; batch 1024; 400 `epochs` over the data unless `steps` is set; no
   * `clip` of long gradients.
   */
  readonly outer?: Partial<OuterOptions> & { readonly epochs?: number };
  /** Default 0. The same seed gives the same set, bit for bit, on any number of threads. */
  readonly seed?: number;
  /** Runs on this engine; otherwise on one of its own with `threads` threads. */
  readonly engine?: Engine;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto";
  /**
   * Runs the networks of an outer step on so many workers, each with an engine of its own. Default 0: in place. The set
   * is the same, bit for bit. No more are started than `networksPerStep`, which would have nothing to do.
   */
  readonly workers?: number;
  /** Bytes that {@link estimateMemory} may come to; a run that needs more is refused before it takes any. */
  readonly memoryLimit?: number;
  /**
   * Aborting ends the run after the step in hand, which workers give up; `result()` then gives what was learned so far.
   */
  readonly signal?: AbortSignal;
  /** An async one is waited for. What it throws ends the run, and is what `result()` rejects with. */
  readonly onProgress?: (progress: Progress) => void;
}

/** `configOf` at the edge, where the data are looked at as well: once, before anything runs. */
export function checked(options: DistillOptions): OuterLoopConfig {
  checkDataset("data", options.data);
  const config = configOf(options);
  const { data, model, method } = config;
  checkClasses("data", data, distilledClasses(method, model.classes));
  return config;
}

/** The options as a run takes them, defaults filled in; the data are trusted. */
export function configOf(options: DistillOptions): OuterLoopConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  const { loss = "cross-entropy", augment } = options;
  checkLoss("loss", loss);
  checkImages("data", data, model);
  if (augment) checkAugmentation(augment, data);
  wholeNumber("networksPerStep", networksPerStep, 1);
  checkInit(init, model, networksPerStep);
  initialLabels(method, model.classes, 0, 0);
  checkWorkers(options.workers ?? 0);
  const outerChecked = outerOptions(outer, data.count);
  return { data, augment, model, method, init, loss, networksPerStep, outer: outerChecked, seed: checkSeed(seed) };
}
