// What may be declared of a published set, in the place of guesses.
import { type Check, kind, oneOf, optional, text, whole } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { outOfRange, wrongKind } from "../../checks/refusal.ts";
import { checkPerChannel } from "../../data/check-dataset.ts";
import type { Whitening } from "../../data/whitening.ts";
import { type FitOptions, fitKind } from "../../distill/training.ts";
import { isObject } from "../../kinds.ts";
import type { Layout } from "./images.ts";
import { type NormalizationChoice, normalizationNames } from "./normalization.ts";
import { type LabelKind, labelKinds } from "./targets.ts";

/** The options of {@link foreignSet}. What is not declared is read from the files or guessed, and the result says which. */
export interface ForeignSetOptions {
  /** Which set of the files, where there are several: its place, such as "data[0]". An error lists them. */
  readonly entry?: string | undefined;
  /** Where the channels of the images are: "NCHW" before height and width, or "NHWC" behind them. */
  readonly layout?: Layout | undefined;
  /** How many classes there are. Default: as many as the labels have. */
  readonly classes?: number | undefined;
  /** What the labels are: "classes", "probabilities", "logits" (their softmax is the target) or "centred" (FRePo's). */
  readonly labels?: LabelKind | undefined;
  /**
   * How the stored values came from pixels: "pixels" (0 to 1), "signed" (−1 to 1), the name of a data set whose usual mean and std
   * are meant, or these numbers. What is declared is refused when another one fits the values far better.
   */
  readonly normalization?: NormalizationChoice | undefined;
  /** With which mean and std networks are to see the images, where it is not what the values were stored with. */
  readonly standardize?: NormalizationChoice | undefined;
  /**
   * How the stored images were whitened after that: zca(train) of distillate/data, of the training images with the mean and std that
   * `normalization` names, which must be declared too. Files do not hold it.
   */
  readonly whitening?: Whitening | undefined;
  /** IDC's factor: each stored image is a grid of factor × factor smaller ones. Default 1. */
  readonly factor?: number | undefined;
  /** How networks train on the set. Default: the protocol of DC and DM, with the learning rate in the files if there is one. */
  readonly training?: FitOptions | undefined;
}

const expected = `one of ${normalizationNames.join(", ")}, or { mean, std }`;
const named = oneOf(...normalizationNames);
const numbers = kind("an array of numbers", Array.isArray);
/** The number of channels is checked when it is known. */
const normalization: Check = (name, value) => {
  if (typeof value === "string") return named(name, value);
  if (!isObject(value)) throw wrongKind(name, expected, value);
  checkOptions(value, { mean: numbers, std: numbers }, name, `${name}.`);
};

const foreignSetChecks: Checks<ForeignSetOptions> = {
  entry: optional(text),
  layout: optional(oneOf("NCHW", "NHWC")),
  classes: optional(whole(1)),
  labels: optional(oneOf(...labelKinds)),
  normalization: optional(normalization),
  standardize: optional(normalization),
  whitening: optional(kind("a whitening, as zca() of distillate/data gives it", isObject)),
  factor: optional(whole(1, 16)),
  training: optional(fitKind.check),
};

/** Throws TypeError or RangeError for options that are wrong whatever the files hold. */
export function checkForeignOptions(options: ForeignSetOptions): void {
  checkOptions(options, foreignSetChecks);
  const { whitening, normalization, standardize, factor } = options;
  if (whitening === undefined) return;
  if (normalization === undefined) throw outOfRange("whitening", 'a "normalization" beside it', whitening);
  for (const [name, value] of Object.entries({ standardize, factor })) {
    if (value !== undefined) throw outOfRange(name, "nothing beside whitening", value);
  }
}

/** Throws unless mean and std have a number for each channel. */
export function checkChannels(name: string, choice: NormalizationChoice | undefined, channels: number): void {
  if (choice === undefined || typeof choice === "string") return;
  checkPerChannel(`${name}.mean`, choice.mean, channels);
  checkPerChannel(`${name}.std`, choice.std, channels, 0);
}
