// How networks train on a set that has no learned schedule: by a protocol, as papers that match gradients or features say it.
// Declared once: methods have it among their options, and sets and their files hold it.

import { type Check, optional } from "../checks/checks.ts";
import {
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  type Given,
  type Group,
  type Kind,
  list,
  number,
  type Open,
  open,
  whole,
  word,
} from "../checks/declare.ts";
import { checkOptions } from "../checks/options.ts";
import { object } from "../checks/read.ts";
import { innerOptimizerOptions } from "../inner/inner-optimizer.ts";

/** The defaults are those with which Zhao and Bilen (WACV 2023) evaluate without augmentation. */
const fitOptions = {
  kind: filled(word("fit"), "fit", {
    help: "how networks train: by a protocol, not by learned rates",
  }) as Filled<"fit">,
  optimizer: filled(word("sgd"), "sgd", { help: "which rule trains the networks" }) as Filled<"sgd">,
  /** Passes over the images. Default 300. */
  epochs: filled(whole(1), 300, {
    help: "how many passes a network makes over the images that it is trained on, the distilled ones",
    flag: "--epochs <n>",
  }) as Filled<number>,
  /** Images in a mini-batch; or all of them if there are fewer. Default 256. */
  batch: filled(whole(1), 256, { help: "how many of the images a gradient step takes" }) as Filled<number>,
  /** The learning rate of the first epoch. Default 0.01. */
  learningRate: filled(number({ above: 0, most: 100 }), 0.01, {
    help: "at which learning rate the networks are trained",
    flag: "--learning-rate <x>",
  }) as Filled<number>,
  /** Momentum, as in torch.optim.SGD. Default 0.9. */
  momentum: { ...innerOptimizerOptions.momentum, default: 0.9 } as Filled<number>,
  /** Weight decay, as in torch.optim.SGD. Default 5e-4. */
  weightDecay: { ...innerOptimizerOptions.weightDecay, default: 5e-4 } as Filled<number>,
  /** The epochs, counted from 0, before which the learning rate is multiplied by `decayFactor`. Default: half of them. */
  decayAt: open(list("a list of numbers of epochs", whole(0)), {
    help: "before which epochs, counted from 0, the learning rate falls; by default at half of them",
  }) as Open<readonly number[]>,
  /** The factor of each fall. Default 0.1. */
  decayFactor: filled(number({ above: 0, most: 1 }), 0.1, {
    help: "which factor each of those falls applies to the learning rate",
  }) as Filled<number>,
};

/**
 * Training by a protocol: `epochs` passes of SGD over mini-batches of the images, in an order that is drawn for each pass.
 * Plain data.
 */
export interface FitTraining extends Complete<typeof fitOptions> {}

/** A protocol as users give it. */
export interface FitOptions extends Given<typeof fitOptions> {}

const givenChecks = checksOf(fitOptions);
const options: Group = fitOptions;
const complete = Object.entries(options).map(([name, option]): [string, Check] => [
  name,
  option.need === "open" ? optional(option.kind.check) : option.kind.check,
]);

/** A protocol as an option of a method. */
export const fitKind: Kind<FitOptions> = {
  ...object(fitOptions),
  check: (name, value) => checkOptions(value, givenChecks, name, `${name}.`),
};

/** The check of a protocol in which only `decayAt` may be left out. */
export const checkFit: Check = (name, value) => checkOptions(value, Object.fromEntries(complete), name, `${name}.`);

/** Returns the protocol of checked options, with all defaults filled in. */
export function fitTraining(given: FitOptions): FitTraining {
  const { decayAt, ...rest } = completed(fitOptions, given);
  return { ...rest, decayAt: decayAt ?? [Math.floor(rest.epochs / 2)] };
}

/** Returns the learning rate of an epoch, counted from 0. */
export function fitRate(
  { learningRate, decayAt = [], decayFactor }: Pick<FitTraining, "learningRate" | "decayAt" | "decayFactor">,
  epoch: number,
): number {
  let rate = learningRate;
  for (const at of decayAt) if (epoch >= at) rate *= decayFactor;
  return rate;
}
