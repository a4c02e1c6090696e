// The baselines that a distilled set must beat: as many images that were not learned, trained on in the same way
// (docs/math.md §5). Learning rates, epochs and candidates are chosen on training images that no set contains, with networks
// that the evaluation does not use.

import { checkValues } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import type { Dataset } from "../../data/dataset.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { lossOf } from "../../distill/distilled-set.ts";
import { checkImages, checkTraining } from "../../distill/fit.ts";
import { checkInit, networksOf } from "../../distill/weight-source.ts";
import { createEngine } from "../../engine/engine.ts";
import { ShapeError } from "../../errors.ts";
import { bestDraws, type Draws, randomDraws, sourceCounts, summaryDraws } from "../../evaluate/baselines/draws.ts";
import type { ClassImages } from "../../evaluate/baselines/real-images.ts";
import { perClassOf, realSet, type Training } from "../../evaluate/baselines/real-set.ts";
import { tuneTraining } from "../../evaluate/baselines/tune.ts";
import { splitValidation } from "../../evaluate/baselines/validation.ts";
import type { Model } from "../../nn/model.ts";
import { WorkerGroup } from "../../workers/group.ts";
import { groupOptions, usesWorkers } from "../../workers/options.ts";
import type { Group } from "../../workers/tasks.ts";
import type { WorkerApi } from "../networks/api.ts";
import type { BaselineOptions, BaselineResult } from "../options/baseline.ts";
import { baselineChecks } from "../options/call-checks.ts";
import { evaluateSets } from "./evaluate.ts";
import { teacherTargets } from "./teacher.ts";

/** The networks by which a choice is made, as many as in the reference code: with five, a spread of ten points decides. */
const TUNING_NETWORKS = 20;

/** Throws ShapeError unless there are real images for every class of the model. */
export function checkSameClasses(train: Dataset, model: Model): void {
  if (train.classes === model.classes) return;
  throw new ShapeError(`the model has ${model.classes} classes, "${train.name}" has ${train.classes}`);
}

/**
 * Measures the accuracy of networks trained on real images instead of distilled ones, equally many of each class:
 *
 * - `"random-real"`: images drawn anew for each network;
 * - `"optimized-real"`: the best of `candidates` such draws by the networks that they train;
 * - `"class-average"`: the mean image of the class, the same in every step;
 * - `"k-means"`: the centres of clusters of the class, one for each image (k-means++ and Lloyd's iteration);
 * - `"k-center"`: images of the class that are chosen so that each image has one of them near it, by their pixels;
 * - `"herding"`: images of the class whose mean is near that of all, by their pixels;
 * - `"random-soft"`: images as of `"random-real"`, with the soft labels of a teacher that was trained on the training images.
 *
 * A tenth of each class is held back from the training set. The constant learning rate, the number of epochs and the
 * candidates are chosen on it. If networks train on `like` by a protocol, they train on real images by the same, and
 * only candidates are chosen. No image of `test` is read before all that is settled, and so its labels are trusted here.
 * (Wang et al. 2018, §4.1.)
 *
 * @throws RangeError when images per step are not a multiple of the classes, a class has no image, or none has two; TypeError
 * or RangeError for data whose fields do not fit; ShapeError when model and images do not fit; the signal's reason when
 * aborted; WorkerError when workers died.
 * @example
 * const { mean, std } = await baseline({ kind: "k-means", train, test, model, init, like: set, networks: 200 });
 */
export async function baseline(options: BaselineOptions): Promise<BaselineResult> {
  checkValues(options, baselineChecks);
  const { kind, model, init, test, like, threads = "auto", seed = 0, networks, signal } = options;
  const { loss = lossOf(like), epochs = [like.epochs], tuningInit = init } = options;
  const { training: protocol } = like;
  if (protocol && options.epochs) throw outOfRange("epochs", "nothing beside the protocol of like.training", epochs);
  checkInit(init, model);
  // No class may be absent here, not even on purpose: there are equally many images of each.
  checkTraining("train", { ...options.train, absentClasses: [] }, model);
  checkImages("test", test, model);
  checkSameClasses(options.train, model);
  if (like.whitening) {
    const { mean, std } = options.train;
    const asked = { mean, std, whitening: like.whitening };
    checkSameWhitening("train", seenOf(options.train), asked, "the set that the baseline is like");
  }
  checkSameWhitening("test", seenOf(test), seenOf(options.train), "the training data");
  checkInit(tuningInit, model);
  const counts = sourceCounts(options);
  const perClass = like.steps * perClassOf(like, options.train);
  const { rest, validation } = splitValidation(options.train);

  const engine = options.engine ?? (await createEngine({ threads: usesWorkers(options) ? 1 : threads }));
  let group: Group<WorkerApi> | undefined;
  try {
    if (usesWorkers(options))
      group = await WorkerGroup.start<WorkerApi>(groupOptions(options, Math.max(networks, TUNING_NETWORKS)));
    const source = { data: rest, perClass, ...counts, seed, signal };
    const shared = { model, init, loss, seed, engine, threads, group, ...(signal && { signal }) };
    const setsOf = (draws: Draws, training: Training) => (network: number) =>
      realSet(draws.of(network), like, rest, training, kind, draws.targetsOf?.(network));
    const onValidation = async (draws: Draws, training: Training): Promise<number> => {
      const chosenBy = { ...shared, init: tuningInit, test: validation, purpose: "distil" as const };
      return (await evaluateSets(chosenBy, TUNING_NETWORKS, setsOf(draws, training))).mean;
    };

    const drawn = kind === "random-real" || kind === "optimized-real" || kind === "random-soft";
    const soft = kind === "random-soft" ? await teacherTargets(rest, { model, init, seed, engine, signal }) : undefined;
    const first = drawn ? randomDraws(source, "baseline/tune", soft) : await summaryDraws(kind, source);
    const training = protocol ?? (await tuneTraining(epochs, (training) => onValidation(first, training)));
    const score = (images: ClassImages) => onValidation({ count: 1, of: () => images }, training);
    const draws = !drawn
      ? first
      : kind === "optimized-real"
        ? await bestDraws(source, score)
        : randomDraws(source, "baseline/real", soft);
    const count = networksOf(init) === 1 ? Math.min(networks, draws.count) : networks;
    const tested = await evaluateSets({ ...shared, test }, count, setsOf(draws, training));
    return { kind, ...tested, learningRate: training.learningRate, epochs: training.epochs };
  } finally {
    await group?.dispose();
    if (!options.engine) await engine.dispose();
  }
}
