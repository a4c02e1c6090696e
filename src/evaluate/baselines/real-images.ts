// Chooses images that stand for a data set, equally many of each class, for baselines to train on or to find neighbours among.
import { batchInto, classIndex, type Dataset } from "../../data/dataset.ts";
import type { AbortSignal } from "../../host-types.ts";
import { randomPermutation, randomUniform } from "../../numeric/draws.ts";
import { randomKey } from "../../numeric/random.ts";
import { inParts } from "../../platform/parts.ts";
import { nextTask } from "../../platform/platform.ts";
import { herding, kCenter } from "./coresets.ts";
import { kMeans } from "./k-means.ts";

/** [classes, perClass, c, h, w], normalised. */
export type ClassImages = Float32Array;

/** Says which of many draws is wanted. */
export interface Draw {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/** Returns the floats of an image. */
export function imageSize({ channels, height, width }: Pick<Dataset, "channels" | "height" | "width">): number {
  return channels * height * width;
}

/**
 * Draws the places of random images, `perClass` of each class. A class with fewer images than wanted gives some of them again; none
 * may be empty.
 */
export function randomPlaces(data: Dataset, perClass: number, draw: Draw): number[] {
  return classIndex(data).flatMap((images, label) => {
    const order = randomPermutation(randomKey(draw.seed, draw.purpose, draw.index, label), images.length);
    return Array.from({ length: perClass }, (_, i) => images[order[i % order.length]!]!);
  });
}

/** Returns the images at these places, class by class. */
export function imagesAt(data: Dataset, places: readonly number[]): ClassImages {
  const out = new Float32Array(places.length * imageSize(data));
  batchInto(data, places, out);
  return out;
}

/** Chooses `perClass` images of each class by k-center or herding, which takes seconds for tens of thousands of images. */
export async function coresetImages(
  kind: "k-center" | "herding",
  data: Dataset,
  perClass: number,
  signal?: AbortSignal,
): Promise<ClassImages> {
  const places: number[] = [];
  for (const images of classIndex(data)) {
    const chosen: number[] = [];
    const points = { values: gathered(data, images), size: imageSize(data) };
    await inParts((kind === "k-center" ? kCenter : herding)(points, perClass, chosen), signal);
    places.push(...chosen.map((i) => images[i]!));
    await nextTask();
    signal?.throwIfAborted();
  }
  return imagesAt(data, places);
}

/** Returns the mean image of each class, `perClass` times. Sums are float64. */
export function classAverages(data: Dataset, perClass: number): ClassImages {
  const size = imageSize(data);
  const out = new Float32Array(data.classes * perClass * size);
  classIndex(data).forEach((images, label) => {
    const points = gathered(data, images);
    const sums = new Float64Array(size);
    for (let at = 0; at < points.length; at++) sums[at % size]! += points[at]!;
    const mean = Float32Array.from(sums, (sum) => sum / images.length);
    for (let i = 0; i < perClass; i++) out.set(mean, (label * perClass + i) * size);
  });
  return out;
}

/** Finds the centres of `perClass` clusters of each class by k-means, which takes seconds for tens of thousands of images. */
export async function kMeansImages(
  data: Dataset,
  perClass: number,
  draw: Draw,
  signal?: AbortSignal,
): Promise<ClassImages> {
  const size = imageSize(data);
  const out = new Float32Array(data.classes * perClass * size);
  for (const [label, images] of classIndex(data).entries()) {
    const chances = randomUniform(randomKey(draw.seed, draw.purpose, draw.index, label), perClass);
    out.set(await kMeans(gathered(data, images), size, chances, signal), label * perClass * size);
    await nextTask();
    signal?.throwIfAborted();
  }
  return out;
}

function gathered(data: Dataset, indices: Uint32Array): Float64Array {
  const out = new Float64Array(indices.length * imageSize(data));
  batchInto(data, indices, out);
  return out;
}
