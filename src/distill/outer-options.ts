// Declares how a set is updated: by Adam, SGD or LAMB, with a step size that decays as epochs pass (docs/math.md §1). The
// training of a pool has the same schedule.

import type { Check } from "../checks/checks.ts";
import {
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  type Given,
  number,
  type Open,
  open,
  together,
  whole,
  word,
} from "../checks/declare.ts";
import { checkOptions } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import { cosine } from "../numeric/elementary.ts";
import type { OptimizerSettings } from "./optimizers/optimizer.ts";

const positive = number({ above: 0 });
const beta = number({ least: 0, below: 1 });

/** Adam with a step size that decays; the defaults are those of the paper's reference code. */
const adamOptions = {
  /** The step size of updates. Default 0.01, and 2e-4 for the networks of a pool. */
  learningRate: filled(positive, 0.01, {
    help: "which step size an update has, before any decay",
    flag: "--outer-learning-rate <x>",
    oldFlag: "--outer-lr",
  }) as Filled<number>,
  /** Decay of the running mean of gradients. Default 0.5. */
  beta1: filled(beta, 0.5, { help: "how much of Adam's mean of gradients a step keeps" }) as Filled<number>,
  /** Decay of the running mean of squared gradients. Default 0.999. */
  beta2: filled(beta, 0.999, { help: "how much of Adam's mean of squared gradients a step keeps" }) as Filled<number>,
  /** Added to the root of the mean of squares. Default 1e-8. */
  eps: filled(positive, 1e-8, { help: "what Adam adds to the root that it divides by" }) as Filled<number>,
  /** Passes over the real data between two decays. Default 40, and 20 for the networks of a pool. */
  decayEvery: filled(whole(1), 40, {
    help: "how many passes over the real images lie between two decays of the step size",
  }) as Filled<number>,
  /** The factor of each decay. Default 0.5. */
  decayFactor: filled(number({ above: 0, most: 1 }), 0.5, {
    help: "which factor each decay applies to the step size",
  }) as Filled<number>,
};

/** The same for networks that are trained on real images, with the defaults of the reference code. */
export const poolAdam: typeof adamOptions = together(adamOptions, {
  learningRate: { ...adamOptions.learningRate, default: 2e-4 },
  decayEvery: { ...adamOptions.decayEvery, default: 20 },
});

/** The rule of that training. */
export const poolRule = {
  /** torch.optim.Adam or torch.optim.SGD. Default "adam". */
  optimizer: open(word("adam", "sgd"), {
    help: "which rule trains the networks: adam, the usual one, or sgd",
    flag: "--optimizer <name>",
  }) as Open<"adam" | "sgd">,
  /** Momentum, as in torch.optim.SGD. Default 0; only for "sgd". */
  momentum: open(beta, {
    help: "how much momentum the gradient steps of sgd have; none by default",
    flag: "--momentum <x>",
  }) as Open<number>,
};

/** The learning rate of SGD that trains a pool unless another is given. */
export const poolSgdRate = 0.01;

/** Adam with a step size that decays. */
export interface AdamSchedule extends Complete<typeof adamOptions> {}

export const adamChecks: { readonly [Name in keyof AdamSchedule]: Check } = checksOf(adamOptions);

const updateOptions = {
  /** The rule of the updates, as optax names it. Default "adam". */
  optimizer: filled(word("adam", "sgd", "lamb"), "adam", {
    help: "which rule updates the images: adam, sgd with momentum, or lamb",
    flag: "--outer-optimizer <name>",
  }) as Filled<"adam" | "sgd" | "lamb">,
  /** How much of its last step SGD keeps. Default 0; only for "sgd". */
  momentum: open(beta, { help: "how much of its last step sgd keeps" }) as Open<number>,
  /** The weight decay of LAMB. Default 0; only for "lamb". */
  weightDecay: open(number({ least: 0 }), { help: "which share of each value lamb takes off" }) as Open<number>,
  /**
   * Makes the step size fall by half a cosine, from its start to this share of it after the last step, and not every so many passes. Then
   * the number of steps decides the bits of each.
   */
  cosineTo: open(number({ least: 0, most: 1 }), {
    help: "to which share of itself the step size falls until the last step, by half a cosine, instead of every so many passes",
    flag: "--cosine-to <x>",
  }) as Open<number>,
  /**
   * Makes the set the running mean of what is learned, of which each step keeps this share; of learning rates, and of what else is
   * learned through a function, the mean of what training uses. If absent, the set is what the last step left.
   */
  average: open(beta, {
    help: "makes the set the running mean of what is learned, of which each step keeps this share",
    flag: "--average <x>",
  }) as Open<number>,
  /**
   * Makes the set the one after those `best` steps in a row, of all such steps, whose mean outer loss was the lowest: for trainings so
   * short that a set may be spoiled by one of the last steps. If absent, the set is what the last step left.
   */
  best: open(whole(1), {
    help: "makes the set the one after those n steps whose mean outer loss was the lowest",
    flag: "--best <n>",
  }) as Open<number>,
  /** Shortens a gradient of more than so many times the running mean of their norms. If absent, none is. */
  clip: open(positive, {
    help: "shortens meta-gradients that are longer than x times the running mean of their norms",
    flag: "--clip <x>",
  }) as Open<number>,
  /**
   * What a run does that diverges. "stop" (the default) ends it. "halve" goes back to a state 50 to 99 steps before, or to the
   * first, and goes on with half the step size; if it diverges again soon after that state, it begins anew.
   */
  onDivergence: filled(word("stop", "halve"), "stop", {
    help: "what a run does that diverges: stop, or halve the step size and go on from 50 to 99 steps before",
    flag: "--on-divergence <how>",
  }) as Filled<"stop" | "halve">,
  /** How often "halve" may halve the step size. Default 5. */
  mostHalvings: filled(whole(1, 100), 5, {
    help: "how often the step size may be halved",
    flag: "--most-halvings <n>",
  }) as Filled<number>,
  /** Real images in the outer batch. Default 1024. */
  batch: filled(whole(1), 1024, {
    help: "how many real images an outer step looks at",
    flag: "--batch <n>",
  }) as Filled<number>,
  /**
   * Into how many slices the real images of a step are cut. Each is computed with the whole inner loop as if by a network of its own, so
   * that several workers share a large batch. Sums of floats are others then, so the bits depend on it. Default 1; only for
   * back-gradient and windows.
   */
  slices: open(whole(1, 1024), {
    help: "into how many slices the real images of a step are cut, for as many workers; the bits depend on it",
    flag: "--slices <n>",
  }) as Open<number>,
  /** Passes over the real images, instead of `steps`. Default 400. */
  epochs: open(whole(1), {
    usual: 400,
    help: "how often the images are updated, in passes over the real images",
    flag: "--outer-epochs <n>",
  }) as Open<number>,
  /** Updates of the synthetic set. */
  steps: open(whole(0), {
    insteadOf: "epochs",
    inRecipe: whole(1),
    help: "how often the images are updated",
    flag: "--outer-steps <n>",
  }) as Open<number>,
};

/** The declaration of outer settings. */
export const outerGroup: typeof adamOptions & typeof updateOptions = together(adamOptions, updateOptions);

/** Outer settings as users give them; `epochs` instead of `steps` counts passes over the real images. */
export type GivenOuterOptions = Given<typeof outerGroup>;

/** The settings with which a run updates its set. */
export interface OuterOptions extends Omit<Complete<typeof outerGroup>, "epochs" | "steps"> {
  /** Updates of the synthetic set. */
  readonly steps: number;
}

const outerChecks = checksOf(outerGroup);

/** The check of outer settings. */
export const checkOuter: Check = (name, value) => {
  checkOptions(value, outerChecks, name, `${name}.`);
  const { optimizer = "adam", momentum, weightDecay } = value as GivenOuterOptions;
  if (momentum !== undefined && optimizer !== "sgd") throw notOf(`${name}.momentum`, "sgd", momentum);
  if (weightDecay !== undefined && optimizer !== "lamb") throw notOf(`${name}.weightDecay`, "lamb", weightDecay);
};

/** Makes the error for a setting that only `optimizer` has. */
function notOf(name: string, optimizer: string, value: number): RangeError {
  return outOfRange(name, `nothing unless "optimizer" is "${optimizer}"`, value);
}

/** Returns the optimiser that the settings name, with its constants. */
export function optimizerOf(outer: OuterOptions): OptimizerSettings {
  const { optimizer, beta1, beta2, eps, momentum = 0, weightDecay = 0 } = outer;
  switch (optimizer) {
    case "adam":
      return { optimizer, beta1, beta2, eps };
    case "sgd":
      return { optimizer, momentum };
    case "lamb":
      return { optimizer, beta1, beta2, eps, weightDecay };
  }
}

/** Returns the given settings with those of the method filled in, unless the given optimiser is not the method's. */
export function outerOver(ofMethod: GivenOuterOptions, given: GivenOuterOptions): GivenOuterOptions {
  const { optimizer = updateOptions.optimizer.default! } = ofMethod;
  return { ...((given.optimizer ?? optimizer) === optimizer && ofMethod), ...given };
}

/**
 * Returns the outer settings for `count` real images. What is left out is filled in by the method, or else by the defaults of
 * the reference code of back-gradient.
 */
export function outerOptions(given: GivenOuterOptions, count: number, ofMethod: GivenOuterOptions = {}): OuterOptions {
  checkOuter("outer", given);
  const { epochs = updateOptions.epochs.usual!, steps, ...rest } = completed(outerGroup, outerOver(ofMethod, given));
  const batch = Math.min(rest.batch, count);
  return { ...rest, batch, steps: steps ?? epochs * Math.ceil(count / batch) };
}

/** Returns the rate, halved so many times. */
export function halved(rate: number, times: number): number {
  let half = rate;
  for (let i = 0; i < times; i++) half /= 2;
  return half;
}

/** Returns the step size of outer step `step`, counted from 0, of which a pass over the data has so many. */
export function outerRate(outer: OuterOptions, step: number, stepsPerEpoch: number): number {
  const { learningRate, cosineTo, steps } = outer;
  if (cosineTo === undefined) return decayedRate(outer, Math.floor(step / stepsPerEpoch));
  return learningRate * (cosineTo + ((1 - cosineTo) * (1 + cosine((Math.PI * step) / steps))) / 2);
}

/** Returns the step size in pass `epoch` over the data, from 0: `decayFactor` multiplies it after every `decayEvery` passes. */
export function decayedRate(
  { learningRate, decayEvery, decayFactor }: Pick<OuterOptions, "learningRate" | "decayEvery" | "decayFactor">,
  epoch: number,
): number {
  let rate = learningRate;
  for (let i = 0; i < Math.floor(epoch / decayEvery); i++) rate *= decayFactor;
  return rate;
}
