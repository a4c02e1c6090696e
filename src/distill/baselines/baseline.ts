// What a distilled set must beat: as many images that nobody learned, trained in the same way (docs/math.md §5). Whatever
// is chosen, of learning rates, epochs and candidates, is chosen on training images that no set contains, with networks
// that are none of the evaluation's.

import { checkValues } from "../../checks/options.ts";
import type { Dataset } from "../../data/dataset.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { ShapeError } from "../../errors.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";
import { poolOptions, WorkerPool } from "../../worker/client.ts";
import { baselineChecks } from "../call-checks.ts";
import { lossOf } from "../distilled-set.ts";
import { evaluateSets } from "../evaluate.ts";
import type { Evaluation } from "../evaluation.ts";
import { checkImages, checkTraining } from "../fit.ts";
import { checkInit } from "../pretrained.ts";
import { networksOf, type WeightSource } from "../weight-source.ts";
import { bestDraws, type Draws, randomDraws, sourceCounts, summaryDraws } from "./draws.ts";
import type { BaselineKind } from "./kinds.ts";
import type { ClassImages } from "./real-images.ts";
import { perClassOf, realSet, type SetShape, type Training } from "./real-set.ts";
import { tuneTraining } from "./tune.ts";
import { splitValidation } from "./validation.ts";

/** Networks that a choice is made by, as many as the reference code takes: with five, a spread of ten points decides. */
const TUNING_NETWORKS = 20;

/** Options of {@link baseline}. */
export interface BaselineOptions {
  readonly kind: BaselineKind;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** Networks that choices are made by. Default: more of `init`; for held-out pretrained ones give those of the distillation. */
  readonly tuningInit?: WeightSource | undefined;
  /** As many images and gradient steps as this set has, with its momentum and weight decay. */
  readonly like: SetShape;
  /** To train with. Default: the loss that `like` was distilled for. */
  readonly loss?: Loss | undefined;
  /** Held-out networks; with `fixedInit` that network on so many sets, where the kind has so many. */
  readonly networks: number;
  /** Numbers of epochs to choose from. Default: that of `like`, and so as many gradient steps. */
  readonly epochs?: readonly number[] | undefined;
  /** Sets that networks take turns on: clusterings of "k-means", the best of "optimized-real". Default 5. */
  readonly draws?: number | undefined;
  /** Random sets that "optimized-real" chooses the best `draws` of. Default 25. */
  readonly candidates?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
  /** As for `evaluate`. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Result of {@link baseline}. */
export interface BaselineResult extends Evaluation {
  readonly kind: BaselineKind;
  /** Chosen, constant. */
  readonly learningRate: number;
  /** Chosen. */
  readonly epochs: number;
}

/** Throws ShapeError unless real images can stand for every class of the model. */
export function checkSameClasses(train: Dataset, model: Model): void {
  if (train.classes === model.classes) return;
  throw new ShapeError(`the model has ${model.classes} classes, "${train.name}" has ${train.classes}`);
}

/**
 * Accuracy of networks trained on real images in the place of distilled ones, the same number of each class:
 *
 * - `"random-real"`: images drawn anew for each network;
 * - `"optimized-real"`: of `candidates` such draws those that train the best networks;
 * - `"class-average"`: the mean image of the class, the same in every step;
 * - `"k-means"`: the centres of as many clusters of the class (k-means++ and Lloyd's iteration).
 *
 * A tenth of each class is held back from the training set. On it the constant learning rate, the number of epochs and the
 * candidates are chosen; an image of `test` is read once all that is settled, and so its labels are trusted here.
 * (Wang et al. 2018, §4.1.)
 *
 * @throws RangeError where images per step are no multiple of the classes, a class has no image, or none has two; TypeError
 * or RangeError for data whose fields do not fit; ShapeError where model and images do not fit; the signal's reason when
 * aborted; WorkerError where a worker died.
 * @example
 * const { mean, std } = await baseline({ kind: "k-means", train, test, model, init, like: set, networks: 200 });
 */
export async function baseline(options: BaselineOptions): Promise<BaselineResult> {
  checkValues(options, baselineChecks);
  const { kind, model, init, test, like, threads = "auto", seed = 0, networks, workers = 0, signal } = options;
  const { loss = lossOf(like), epochs = [like.epochs], tuningInit = init } = options;
  checkInit(init, model);
  // Here no class may be absent, not even on purpose: there are as many images of each.
  checkTraining("train", { ...options.train, absentClasses: [] }, model);
  checkImages("test", test, model);
  checkSameClasses(options.train, model);
  checkInit(tuningInit, model);
  const counts = sourceCounts(options);
  const perClass = like.steps * perClassOf(like, options.train);
  const { pool, validation } = splitValidation(options.train);

  const engine = options.engine ?? (await createEngine({ threads: workers > 0 ? 1 : threads }));
  let workerPool: WorkerPool | undefined;
  try {
    if (workers > 0) workerPool = await WorkerPool.start(poolOptions(options, Math.max(networks, TUNING_NETWORKS)));
    const source = { data: pool, perClass, ...counts, seed, engine, signal };
    const shared = { model, init, loss, seed, engine, threads, pool: workerPool, ...(signal && { signal }) };
    const setOf = (images: ClassImages, training: Training) => realSet(images, like, pool, training, kind);
    const onValidation = async (draws: Draws, training: Training): Promise<number> => {
      const chosenBy = { ...shared, init: tuningInit, test: validation, purpose: "distil" as const };
      return (await evaluateSets(chosenBy, TUNING_NETWORKS, (network) => setOf(draws.of(network), training))).mean;
    };

    const drawn = kind === "random-real" || kind === "optimized-real";
    const first = drawn ? randomDraws(source, "baseline/tune") : await summaryDraws(kind, source);
    const training = await tuneTraining(epochs, (training) => onValidation(first, training));
    const score = (images: ClassImages) => onValidation({ count: 1, of: () => images }, training);
    const draws = !drawn
      ? first
      : kind === "random-real"
        ? randomDraws(source, "baseline/real")
        : await bestDraws(source, score);
    const count = networksOf(init) === 1 ? Math.min(networks, draws.count) : networks;
    const tested = await evaluateSets({ ...shared, test }, count, (network) => setOf(draws.of(network), training));
    return { kind, ...tested, ...training };
  } finally {
    await workerPool?.dispose();
    if (!options.engine) await engine.dispose();
  }
}
