// The images of each kind of baseline. When there are fewer draws than networks, the networks take turns on them.
// docs/math.md §5 describes this.
import { wholeNumber } from "../../checks/checks.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { AbortSignal } from "../../host-types.ts";
import { type ClassImages, classAverages, coresetImages, imagesAt, kMeansImages, randomPlaces } from "./real-images.ts";

/** The data and the settings that images are drawn by. */
export interface Source {
  readonly data: Dataset;
  /** The number of images of each class. */
  readonly perClass: number;
  /** The number of different draws, for kinds whose draws take long. */
  readonly draws: number;
  /** The number of random draws of which the best are chosen. */
  readonly candidates: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** How many sets of images are made. */
export interface Counts {
  readonly draws?: number | undefined;
  readonly candidates?: number | undefined;
}

/** Throws RangeError for fewer candidates than draws. */
export function sourceCounts({ draws = 5, candidates = 25 }: Counts): { draws: number; candidates: number } {
  return { draws, candidates: wholeNumber("candidates", candidates, draws) };
}

/** Returns draw `index`; from `count` on the draws repeat. */
export interface Draws {
  readonly count: number;
  of(index: number): ClassImages;
  /** The targets of those images, [classes, perClass, classes]; without it they have their own labels. */
  readonly targetsOf?: (index: number) => Float32Array;
}

/** Draws random images, different for every index and purpose; `soft` are the targets of all images, if not their labels. */
export function randomDraws({ data, perClass, seed }: Source, purpose: string, soft?: Float32Array): Draws {
  const places = (index: number): number[] => randomPlaces(data, perClass, { seed, purpose, index });
  const { classes } = data;
  return {
    count: Number.POSITIVE_INFINITY,
    of: (index) => imagesAt(data, places(index)),
    ...(soft && {
      targetsOf: (index) =>
        Float32Array.from(places(index).flatMap((i) => [...soft.subarray(i * classes, (i + 1) * classes)])),
    }),
  };
}

/** The kinds whose images are chosen without training anything. */
export type SummaryKind = "class-average" | "k-means" | "k-center" | "herding";

/** Makes class averages or a coreset, which give a single draw, or `draws` clusterings. */
export async function summaryDraws(kind: SummaryKind, source: Source): Promise<Draws> {
  const { data, perClass, draws, seed, signal } = source;
  if (kind === "class-average") return turns([classAverages(data, perClass)]);
  if (kind !== "k-means") return turns([await coresetImages(kind, data, perClass, signal)]);
  const all: ClassImages[] = [];
  for (let index = 0; index < draws; index++) {
    all.push(await kMeansImages(data, perClass, { seed, purpose: "baseline/k-means", index }, signal));
  }
  return turns(all);
}

/** Returns the `draws` with the highest scores out of `candidates` random draws, best first, and of equal ones the first. */
export async function bestDraws(source: Source, score: (images: ClassImages) => Promise<number>): Promise<Draws> {
  const random = randomDraws(source, "baseline/candidate");
  const scored: { readonly index: number; readonly score: number }[] = [];
  for (let index = 0; index < source.candidates; index++) scored.push({ index, score: await score(random.of(index)) });
  scored.sort((a, b) => b.score - a.score || a.index - b.index);
  return turns(scored.slice(0, source.draws).map(({ index }) => random.of(index)));
}

function turns(all: readonly ClassImages[]): Draws {
  return { count: all.length, of: (index) => all[index % all.length]! };
}
