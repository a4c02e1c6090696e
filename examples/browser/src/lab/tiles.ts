// Turns images into tiles that the page paints.
import { type Dataset, type DistilledSet, displayLevels } from "distillate";
import type { Schedule, Shown, Tiles } from "./api.ts";
import { nextTask } from "./next-task.ts";

/** Returns the class of each image, by its largest target. */
function labelsOf({ targets, classes }: DistilledSet): Uint8Array {
  return Uint8Array.from({ length: targets.length / classes }, (_, i) => {
    const row = targets.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}

export function tilesOfSet(set: DistilledSet): Tiles {
  const { channels, height, width, classes } = set;
  return { channels, height, width, classes, levels: displayLevels(set), labels: labelsOf(set) };
}

/** Returns the first distilled image of each class. */
export function tilesOfFirsts(set: DistilledSet): Tiles {
  const { levels, labels, ...shape } = tilesOfSet(set);
  const size = shape.channels * shape.height * shape.width;
  const firsts = Array.from({ length: shape.classes }, (_, label) => labels.indexOf(label)).filter((i) => i >= 0);
  const chosen = new Uint8Array(firsts.length * size);
  firsts.forEach((index, i) => {
    chosen.set(levels.subarray(index * size, (index + 1) * size), i * size);
  });
  return { ...shape, levels: chosen, labels: Uint8Array.from(firsts, (index) => labels[index]!) };
}

/** Returns the images of `data` at `indices`. */
export function tilesOfData(data: Dataset, indices: readonly number[]): Tiles {
  const size = data.channels * data.height * data.width;
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    pixels.set(data.pixels.subarray(index * size, (index + 1) * size), i * size);
  });
  return tilesOf(
    data,
    pixels,
    Uint8Array.from(indices, (index) => data.labels[index]!),
  );
}

/** Returns the first image of each class, by class. */
export function firstPerClass(data: Dataset): Tiles {
  const firsts = Array.from({ length: data.classes }, (_, label) => data.labels.indexOf(label));
  return tilesOfData(
    data,
    firsts.filter((index) => index >= 0),
  );
}

/** The values that are added up before others get the page's thread, which takes a few milliseconds. */
const ADDED = 2 ** 22;

/** Returns the mean image of each class. */
export async function averagePerClass(data: Dataset): Promise<Tiles> {
  const { channels, height, width, classes, labels, pixels } = data;
  const size = channels * height * width;
  const sums = new Float64Array(classes * size);
  const counts = new Uint32Array(classes);
  let left = ADDED;
  for (const [i, label] of labels.entries()) {
    counts[label]!++;
    for (let p = 0, to = label * size, from = i * size; p < size; p++) sums[to + p]! += pixels[from + p]!;
    left -= size;
    if (left > 0) continue;
    await nextTask();
    left = ADDED;
  }
  const averages = Uint8Array.from(sums, (sum, i) => Math.round(sum / Math.max(1, counts[Math.floor(i / size)]!)));
  return tilesOf(
    data,
    averages,
    Uint8Array.from(counts, (_, label) => label),
  );
}

/** Reorders images [n, channels, height, width] so that the channels of a pixel lie side by side. */
function tilesOf({ channels, height, width, classes }: Dataset, pixels: Uint8Array, labels: Uint8Array): Tiles {
  const plane = height * width;
  const levels = Uint8Array.from(pixels, (_, i) => {
    const [position, channel] = [Math.floor(i / channels), i % channels];
    const image = Math.floor(position / plane);
    return pixels[(image * channels + channel) * plane + (position % plane)]!;
  });
  return { channels, height, width, classes, levels, labels };
}

interface Recipe {
  readonly data?: { readonly name?: string; readonly classNames?: unknown };
  readonly init?: { readonly kind?: string };
  readonly outerSteps?: number;
  readonly seed?: number;
  readonly gpu?: { readonly name: string; readonly software: boolean };
  readonly packed?: { readonly bits?: unknown };
}

/** How a network trains on a set: passes over its images, images in a gradient step, and gradient steps in all. */
export function schedule({ steps, epochs, imagesPerStep, training }: DistilledSet): Schedule {
  if (!training) return { epochs, imagesPerStep, gradientSteps: steps * epochs };
  const batch = Math.min(training.batch, imagesPerStep);
  return {
    epochs: training.epochs,
    imagesPerStep: batch,
    gradientSteps: training.epochs * Math.ceil(imagesPerStep / batch),
  };
}

export function shown(set: DistilledSet): Shown {
  const { data, init, outerSteps, seed, gpu, packed } = set.recipe as Recipe;
  const packedBits = typeof packed?.bits === "number" ? packed.bits : undefined;
  const fixed = init?.kind === "fixed";
  const tiles = tilesOfSet(set);
  const images = set.steps * set.imagesPerStep;
  const says = { data: data?.name, classNames: namesIn(data), fixed, outerSteps, seed, gpu, packedBits };
  return { tiles, images, inOrder: !set.training, ...schedule(set), ...says };
}

/** Returns the names of the classes, if the recipe has them; a file may hold anything. */
function namesIn(data: Recipe["data"]): readonly string[] | undefined {
  const names = data?.classNames;
  return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
}
