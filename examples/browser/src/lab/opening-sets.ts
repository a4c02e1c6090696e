// The sets that the page opens with, made before by examples/browser/sets/distil.mjs, and their figures, by measure.mjs beside it.
import type { DistilledSet } from "distillate";
import any100 from "../../sets/any-100.txt?url";
import figures from "../../sets/figures.json" with { type: "json" };
import known10 from "../../sets/known-10.txt?url";
import known30 from "../../sets/known-30.txt?url";
import { fromPlainText } from "../../sets/plain-set.mjs";

/** The share of the 1,000 held-out digits that networks read right. */
export interface Score {
  readonly mean: number;
  /** The standard deviation over networks, or for one known network over sets that it was trained on; 0 if there is one only. */
  readonly std: number;
  /** How many trainings were measured. */
  readonly trainings: number;
}

/** What was measured of a set as the page shows it. */
export interface OpeningFigures {
  /** A network that was trained on the set. */
  readonly distilled: Score;
  /** Networks that vote; absent for a set that is for one known network. */
  readonly vote?: Score & { readonly voters: number };
  /** The same network after as many gradient steps on as many real images, which are drawn at random. */
  readonly randomReal: Score;
  /** The same on the mean image of each class. */
  readonly classAverage: Score;
  readonly images: number;
  readonly gradientSteps: number;
  readonly weights: number;
  /** The digest of the set as the page shows it (`setDigest`). */
  readonly digest: string;
}

/** Networks with random weights, trained on all 9,000 digits in the usual way, by Adam in batches of 64: a line to compare with. */
export const allDigits: Score & { readonly gradientSteps: number } = figures.allDigits;

/** A set to open. */
export interface OpeningSet {
  readonly id: keyof typeof figures.sets;
  readonly title: string;
  /** Whether it teaches one network, which is known, or any. */
  readonly networks: "known" | "any";
  readonly url: string;
  readonly figures: OpeningFigures;
}

function openingSet(id: OpeningSet["id"], networks: OpeningSet["networks"], url: string): OpeningSet {
  const measured: OpeningFigures = figures.sets[id];
  const title = `${measured.images} images for ${networks === "known" ? "one known network" : "any network"}`;
  return { id, title, networks, url, figures: measured };
}

export const openingSets: readonly OpeningSet[] = [
  openingSet("known-10", "known", known10),
  openingSet("known-30", "known", known30),
  openingSet("any-100", "any", any100),
];

/** What a visitor sees first. */
export const firstSet: OpeningSet = openingSets.find(({ id }) => id === "known-30")!;

/** Returns the command that makes the same set in Node, from a checkout of the library. */
export const commandOf = ({ id }: OpeningSet): string => `node examples/browser/sets/distil.mjs ${id}`;

/** Loads a set. Throws an error for the visitor if the host does not give it. */
export async function loadOpening({ url }: OpeningSet): Promise<DistilledSet> {
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok) return fromPlainText(await response.text());
  const why = response ? `the host says ${response.status}` : "the host does not answer";
  throw new Error(`The images that this page opens with could not be loaded: ${why}. Reload it, or distil your own.`);
}
