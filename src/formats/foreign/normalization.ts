// How the values of a published set came from pixels: value = (pixel / 255 − mean) / std. Files do not say it. The means and stds of
// the usual data sets are known, so the values themselves tell: the right ones bring them to pixels that fill 0 to 1 and hardly
// leave it. Learned pixels overshoot a little, so the 1 % and 99 % quantiles are compared, and not the extremes.
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import type { Images } from "./images.ts";
import type { Said } from "./said.ts";

export interface Statistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A known way to normalise; a data set has several where programs differ. */
interface Known extends Statistics {
  readonly name: string;
  readonly who: string;
}

/** In the order in which the first is preferred where two fit alike. */
export const knownNormalizations: readonly Known[] = [
  { name: "pixels", mean: [0], std: [1], who: "pixels from 0 to 1" },
  { name: "mnist", mean: [0.1307], std: [0.3081], who: "MNIST" },
  { name: "fashion-mnist", mean: [0.2861], std: [0.353], who: "Fashion-MNIST" },
  { name: "cifar10", mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201], who: "CIFAR-10 in DC's code" },
  {
    name: "cifar10",
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
    who: "CIFAR-10, stds of all pixels",
  },
  { name: "cifar100", mean: [0.5071, 0.4866, 0.4409], std: [0.2673, 0.2564, 0.2762], who: "CIFAR-100" },
  { name: "svhn", mean: [0.4377, 0.4438, 0.4728], std: [0.198, 0.201, 0.197], who: "SVHN" },
  { name: "signed", mean: [0.5], std: [0.5], who: "pixels from −1 to 1" },
];
export const normalizationNames: readonly string[] = [...new Set(knownNormalizations.map(({ name }) => name))];

/** A known name, or mean and std of each channel. */
export type NormalizationChoice = string | Statistics;

/** Quantiles of a channel of so many values at most: more would not change them much. */
const mostSamples = 2 ** 17;
const tail = 0.01;
/** A guess whose pixels leave or miss the ends of 0 … 1 by more than this, on average, is none. */
const goodFit = 0.15;
/** Others that fit worse than the best by less than this are named beside it. */
const alike = 0.03;
/** What is declared is refused when another fits better by this, or by less if the other fits almost perfectly. */
const wrongBy = 0.25;
const perfectFit = 0.05;
const wrongBesidePerfect = 0.1;

/** The darkest and the brightest value of each channel, without the tails. */
type Range = readonly (readonly [low: number, high: number])[];

function rangeOf({ count, channels, height, width, values }: Images): Range {
  const plane = height * width;
  const each = count * plane;
  // An odd step meets every column of images whose width is a power of 2.
  const step = each <= mostSamples ? 1 : Math.ceil(each / mostSamples) | 1;
  return Array.from({ length: channels }, (_, c) => {
    const samples = Float32Array.from({ length: Math.ceil(each / step) }, (_, i) => {
      const at = i * step;
      return values[(Math.floor(at / plane) * channels + c) * plane + (at % plane)]!;
    }).sort();
    const last = samples.length - 1;
    return [samples[Math.floor(tail * last)]!, samples[Math.ceil((1 - tail) * last)]!] as const;
  });
}

const of = (values: readonly number[], c: number): number => values[c] ?? values[0]!;

/** The range of the pixels that the values would be, over all channels. */
function pixelRange(range: Range, { mean, std }: Statistics): readonly [number, number] {
  const lows = range.map(([low], c) => low * of(std, c) + of(mean, c));
  const highs = range.map(([, high], c) => high * of(std, c) + of(mean, c));
  return [lows.reduce((a, b) => Math.min(a, b)), highs.reduce((a, b) => Math.max(a, b))];
}

/** How far the ends of the pixels are from 0 and 1, on average over ends and channels. */
function misfit(range: Range, { mean, std }: Statistics): number {
  const ends = range.map(([low, high], c) => {
    const [m, s] = [of(mean, c), of(std, c)];
    return Math.abs(low * s + m) + Math.abs(high * s + m - 1);
  });
  return ends.reduce((sum, end) => sum + end, 0) / (2 * ends.length);
}

/** Two digits behind the point, and no minus before zero. */
const rounded = (value: number): string => value.toFixed(2).replace(/^-(0\.00)$/, "$1");
const shown = ([low, high]: readonly [number, number]): string => `${rounded(low)} to ${rounded(high)}`;

/** A known normalisation, and its misfit. */
interface Ranked extends Known {
  readonly score: number;
}

/** Returns the known normalisations of so many channels, the best first. */
function ranking(range: Range): readonly [Ranked, ...Ranked[]] {
  const channels = range.length;
  const isGrey = ({ name }: Known): boolean => name === "mnist" || name === "fashion-mnist";
  const fitting = knownNormalizations.filter(
    (known) => known.mean.length === channels || (known.mean.length === 1 && !isGrey(known)),
  );
  const ranked = fitting.map((known) => ({ ...known, score: misfit(range, known) })).sort((a, b) => a.score - b.score);
  return ranked as [Ranked, ...Ranked[]];
}

/** Returns mean and std for each channel: those declared, unless others fit far better, or those that fit. */
export function normalizationOf(
  images: Images,
  declared: NormalizationChoice | undefined,
  file: string,
  said: Said,
): Statistics {
  const { channels, areBytes } = images;
  const range = rangeOf(images);
  const { mean, std } =
    declared === undefined ? guessed(range, areBytes, file, said) : checked(range, declared, file, said);
  return {
    mean: Array.from({ length: channels }, (_, c) => of(mean, c)),
    std: Array.from({ length: channels }, (_, c) => of(std, c)),
  };
}

function guessed(range: Range, areBytes: boolean, file: string, said: Said): Statistics {
  if (areBytes) {
    said("file", "normalization", "pixels", "the images are bytes");
    return knownNormalizations[0]!;
  }
  const [best, ...others] = ranking(range);
  const pixels = shown(pixelRange(range, best));
  if (best.score > goodFit) {
    throw new FormatError(
      `${file}: expected "normalization", because no known one brings these values to pixels from 0 to 1: ${best.name} comes ` +
        `nearest, with ${pixels}. They may be whitened (ZCA), which is not undone here`,
    );
  }
  const near = others.filter(({ name, score }) => name !== best.name && score - best.score < alike);
  const names = [...new Set(near.map(({ name }) => name))].join(", ");
  const also = names === "" ? "" : `; ${names} fits nearly as well`;
  said("guessed", "normalization", best.name, `${best.who}: pixels from ${pixels}${also}`);
  return best;
}

function checked(range: Range, declared: NormalizationChoice, file: string, said: Said): Statistics {
  const ranked = ranking(range);
  const [best] = ranked;
  const chosen = typeof declared === "string" ? ranked.find(({ name }) => name === declared) : declared;
  if (!chosen) {
    throw new FormatError(`${file}: expected a normalization of ${range.length} channels, got ${quote(declared)}`);
  }
  const worse = misfit(range, chosen) - best.score;
  const pixels = shown(pixelRange(range, chosen));
  const name = typeof declared === "string" ? declared : "mean and std";
  if (worse > wrongBy || (best.score <= perfectFit && worse > wrongBesidePerfect)) {
    throw new FormatError(
      `${file}: expected another normalization than the declared ${name}, which makes pixels from ${pixels}: ${best.name} ` +
        `makes them ${shown(pixelRange(range, best))}`,
    );
  }
  said("declared", "normalization", name, `pixels from ${pixels}`);
  return chosen;
}
