// Baselines without training: an image gets the class of the points nearest to it (docs/math.md §5).

import { checkValues } from "../../checks/options.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import { batchInto, type Dataset } from "../../data/dataset.ts";
import { shiftAdvice } from "../../data/labels.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { checkDistilledSet } from "../../distill/check-set.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { checkClasses } from "../../distill/fit.ts";
import { ShapeError } from "../../errors.ts";
import { bestDraws, type Draws, randomDraws, sourceCounts, summaryDraws } from "../../evaluate/baselines/draws.ts";
import { type ClassImages, imageSize } from "../../evaluate/baselines/real-images.ts";
import { splitValidation } from "../../evaluate/baselines/validation.ts";
import type { AbortSignal } from "../../host-types.ts";
import { summary } from "../../numeric/summary.ts";
import { inParts, type Parts } from "../../platform/parts.ts";
import { nearestNeighborsChecks } from "../options/call-checks.ts";
import type { NearestNeighborsOptions, NeighborsResult } from "../options/nearest-neighbors.ts";

/**
 * Measures the accuracy of K nearest neighbours among a few images that stand for a data set. Candidates of "optimized-real"
 * are chosen on a held-out tenth of the training images; other kinds draw from all. (Wang et al. 2018, §4.1.)
 *
 * @throws RangeError for `k`, `p` or counts out of range; TypeError or RangeError for data or a set whose fields do not fit;
 * ShapeError when images or classes do not fit; the signal's reason.
 * @example
 * const { mean } = await nearestNeighbors({ points: "k-means", train, test }); // 10 per class, the nearest one
 */
export async function nearestNeighbors(options: NearestNeighborsOptions): Promise<NeighborsResult> {
  checkValues(options, nearestNeighborsChecks);
  const { points, train, test, perClass = 10, k = 1, p = 2, seed = 0, signal } = options;
  const counts = sourceCounts(options);
  if (typeof points === "object") {
    checkDistilledSet("points", points);
    checkLike(test, points);
    checkSameWhitening("test", seenOf(test), points, "the set");
    const labels = largestTargets(points);
    const accuracy = await correctShare({ images: points.images, labels, classes: points.classes }, test, k, p, signal);
    return { draws: 1, ...summary([accuracy]), accuracies: [accuracy] };
  }

  checkClasses("train", train);
  checkLike(test, train);
  checkSameWhitening("test", seenOf(test), seenOf(train), "the training data");
  const source = { data: train, perClass, ...counts, seed, signal };
  const labels = Uint8Array.from({ length: train.classes * perClass }, (_, i) => Math.floor(i / perClass));
  const accuracyOf = (images: ClassImages, of: Dataset) =>
    correctShare({ images, labels, classes: train.classes }, of, k, p, signal);
  let draws: Draws;
  if (points === "random-real") draws = randomDraws(source, "baseline/real");
  else if (points === "optimized-real") {
    const { rest, validation } = splitValidation(train);
    draws = await bestDraws({ ...source, data: rest }, (images) => accuracyOf(images, validation));
  } else draws = await summaryDraws(points, source);
  const accuracies: number[] = [];
  for (let i = 0; i < Math.min(counts.draws, draws.count); i++) accuracies.push(await accuracyOf(draws.of(i), test));
  return { draws: accuracies.length, ...summary(accuracies), accuracies };
}

function checkLike(test: Dataset, points: Dataset | DistilledSet): void {
  checkDataset("test", test);
  const [ours, theirs] = [test, points].map(({ channels, height, width }) => `[${channels},${height},${width}]`);
  if (ours !== theirs) throw new ShapeError(`the points are images ${theirs}, "${test.name}" has ${ours}`);
  if (test.classes > points.classes) {
    const advice = shiftAdvice(test.labels, points.classes);
    throw new ShapeError(`the points have ${points.classes} classes, "${test.name}" has ${test.classes}${advice}`);
  }
  if (test.count === 0) throw new RangeError(`"test" expected at least one image, got none`);
}

function largestTargets({ targets, classes }: DistilledSet): Uint8Array {
  return Uint8Array.from({ length: targets.length / classes }, (_, i) => {
    const row = targets.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}

/** Labelled images [n, c, h, w]. */
interface Points {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly classes: number;
}

async function correctShare(
  points: Points,
  test: Dataset,
  k: number,
  p: number,
  signal?: AbortSignal,
): Promise<number> {
  const image = new Float32Array(imageSize(test));
  const neighbors = new Neighbors(points, Math.min(k, points.labels.length), p);
  let correct = 0;
  function* parts(): Parts {
    for (let i = 0; i < test.count; i++) {
      batchInto(test, [i], image);
      if (neighbors.classOf(image) === test.labels[i]) correct++;
      yield;
    }
  }
  signal?.throwIfAborted();
  await inParts(parts(), signal);
  return correct / test.count;
}

/** Finds the nearest of `points` to one image after the other. */
class Neighbors {
  readonly #points: Points;
  readonly #k: number;
  readonly #p: number;
  /** The nearest points so far, nearest first: distances to the power of p, and labels. */
  readonly #distances: Float64Array;
  readonly #labels: Int32Array;

  constructor(points: Points, k: number, p: number) {
    this.#points = points;
    this.#k = k;
    this.#p = p;
    this.#distances = new Float64Array(k);
    this.#labels = new Int32Array(k);
  }

  classOf(image: Float32Array): number {
    const { images, labels } = this.#points;
    this.#distances.fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < labels.length; i++) {
      const distance = powerDistance(images, i * image.length, image, this.#p);
      let at = this.#k;
      while (at > 0 && distance < this.#distances[at - 1]!) at--;
      if (at === this.#k) continue;
      this.#distances.copyWithin(at + 1, at, this.#k - 1);
      this.#labels.copyWithin(at + 1, at, this.#k - 1);
      this.#distances[at] = distance;
      this.#labels[at] = labels[i]!;
    }
    const votes = new Uint32Array(this.#points.classes);
    for (const label of this.#labels) votes[label]!++;
    const most = votes.reduce((a, b) => Math.max(a, b));
    return this.#labels.find((label) => votes[label] === most)!;
  }
}

/** Returns Σ|a − b|^p, which orders as the p-norm does, or the largest |a − b| for p = ∞. */
function powerDistance(points: Float32Array, from: number, image: Float32Array, p: number): number {
  const size = image.length;
  let sum = 0;
  if (p === 2) {
    let other = 0;
    let i = 0;
    for (; i + 2 <= size; i += 2) {
      const d0 = points[from + i]! - image[i]!;
      const d1 = points[from + i + 1]! - image[i + 1]!;
      sum += d0 * d0;
      other += d1 * d1;
    }
    if (i < size) sum += (points[from + i]! - image[i]!) * (points[from + i]! - image[i]!);
    return sum + other;
  }
  for (let i = 0; i < size; i++) {
    const d = Math.abs(points[from + i]! - image[i]!);
    if (p === Number.POSITIVE_INFINITY) sum = Math.max(sum, d);
    else {
      let power = d;
      for (let n = 1; n < p; n++) power *= d;
      sum += power;
    }
  }
  return sum;
}
