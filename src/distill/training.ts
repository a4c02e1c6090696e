// How networks train on a set that has no learned schedule: by a protocol, as papers that match gradients or features say it.
// docs/math.md §5 has the formulas. Declared once: methods have it among their options, and sets and their files hold it.

import { type Check, optional } from "../checks/checks.ts";
import {
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  flag,
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
import { Misfit, object } from "../checks/read.ts";
import { outOfRange } from "../checks/refusal.ts";
import { strategiesKind } from "../inner/augment-option.ts";
import type { AugmentStrategy } from "../inner/augment-strategies.ts";
import { innerOptimizerOptions } from "../inner/inner-optimizer.ts";
import { cosine } from "../numeric/elementary.ts";

/** The defaults are those with which Zhao and Bilen (WACV 2023) evaluate without augmentation. */
const fitOptions = {
  kind: filled(word("fit"), "fit", {
    help: "how networks train: by a protocol, not by learned rates",
  }) as Filled<"fit">,
  /** "sgd" or "adam", as torch.optim has them; Adam with betas of 0.9 and 0.999 and an eps of 1e-8. Default "sgd". */
  optimizer: filled(word("sgd", "adam"), "sgd", { help: "which rule trains the networks" }) as Filled<"sgd" | "adam">,
  /** Passes over the images. Default 300. */
  epochs: filled(whole(1), 300, {
    help: "how many passes a network makes over the images that it is trained on, the distilled ones",
    flag: "--epochs <n>",
  }) as Filled<number>,
  /** Images in a mini-batch; or all of them if there are fewer. Default 256. */
  batch: filled(whole(1), 256, { help: "how many of the images a gradient step takes" }) as Filled<number>,
  /** The learning rate of the first epoch, or with a warm-up the largest. Default 0.01. */
  learningRate: filled(number({ above: 0, most: 100 }), 0.01, {
    help: "at which learning rate the networks are trained",
    flag: "--learning-rate <x>",
  }) as Filled<number>,
  /** Momentum, as in torch.optim.SGD. Default 0.9; only for "sgd", with "adam" it is 0. */
  momentum: open(innerOptimizerOptions.momentum.kind, {
    help: "how much momentum the gradient steps of sgd have, as in torch.optim.SGD; 0.9 by default",
    flag: "--momentum <x>",
  }) as Open<number>,
  /** Weight decay, as in torch.optim.SGD and torch.optim.Adam: a part of the gradient. Default 5e-4. */
  weightDecay: {
    ...innerOptimizerOptions.weightDecay,
    default: 5e-4,
    help: "how much weight decay the gradient steps have, as in torch.optim.SGD and torch.optim.Adam",
  } as Filled<number>,
  /** The epochs, counted from 0, before which the learning rate is multiplied by `decayFactor`. Default: half of them. */
  decayAt: open(list("a list of numbers of epochs", whole(0)), {
    help: "before which epochs, counted from 0, the learning rate falls; by default at half of them",
  }) as Open<readonly number[]>,
  /** The factor of each fall. Default 0.1. */
  decayFactor: filled(number({ above: 0, most: 1 }), 0.1, {
    help: "which factor each of those falls applies to the learning rate",
  }) as Filled<number>,
  /** Whether the optimiser starts anew at each fall, with velocities and moments of 0. Default false; only for "steps". */
  restart: open(flag, {
    help: "whether the optimiser starts anew where the learning rate falls, with velocities and moments of 0",
  }) as Open<boolean>,
  /** How the learning rate falls: in "steps", at `decayAt`, or along a "cosine" over all gradient steps. Default "steps". */
  schedule: open(word("steps", "cosine"), {
    help: "how the learning rate falls: in steps, or along a cosine from gradient step to gradient step; in steps by default",
  }) as Open<"steps" | "cosine">,
  /** Gradient steps in which the learning rate rises evenly from 0, before the cosine. Default 0; only for "cosine". */
  warmupSteps: open(whole(0), {
    help: "in how many gradient steps the learning rate rises from 0 before the cosine; none by default",
  }) as Open<number>,
  /** The share of the learning rate at which the cosine ends. Default 0; only for "cosine". */
  finalShare: open(number({ least: 0, most: 1 }), {
    help: "at which share of the learning rate the cosine ends; 0 by default",
  }) as Open<number>,
  /** The strategies of augmentation, one of which is drawn for each gradient step. Default: none. */
  augment: open(strategiesKind, {
    help: "how images are augmented: one of these strategies is drawn for each gradient step; none by default",
  }) as Open<readonly AugmentStrategy[]>,
};

/**
 * Training by a protocol: `epochs` passes of SGD or Adam over mini-batches of the images, in an order that is drawn for each
 * pass. Plain data. Where an open option is absent, its default holds.
 */
export interface FitTraining extends Complete<typeof fitOptions> {
  readonly momentum: number;
}

/** A protocol as users give it. */
export interface FitOptions extends Given<typeof fitOptions> {}

const givenChecks = checksOf(fitOptions);
const options: Group = fitOptions;
const complete = Object.entries(options).map(([name, option]): [string, Check] => [
  name,
  option.need === "open" && name !== "momentum" ? optional(option.kind.check) : option.kind.check,
]);

/** An option that does not go with another one: what is expected of it, and what came. */
interface Clash {
  readonly option: keyof FitOptions;
  readonly expected: string;
  readonly got: unknown;
}

/** Returns the first of options that are each valid but do not go together. */
function clashOf(given: FitOptions): Clash | undefined {
  const { optimizer, momentum = 0, schedule = "steps" } = given;
  if (optimizer === "adam" && momentum !== 0) {
    return { option: "momentum", expected: 'nothing unless "optimizer" is "sgd"', got: momentum };
  }
  const ofOther = schedule === "cosine" ? (["decayAt", "restart"] as const) : (["warmupSteps", "finalShare"] as const);
  const option = ofOther.find((each) => given[each] !== undefined);
  const other = schedule === "cosine" ? "steps" : "cosine";
  return option && { option, expected: `nothing unless "schedule" is "${other}"`, got: given[option] };
}

/** Throws RangeError for options that do not go together. */
function checkTogether(name: string, given: FitOptions): void {
  const clash = clashOf(given);
  if (clash) throw outOfRange(`${name}.${clash.option}`, clash.expected, clash.got);
}

/** What is left out stays left out: other options of a method may decide it. */
function leftOpen(withFlags: boolean): Group {
  const parts = Object.entries(options).map(([name, { kind, help, flag }]) => {
    return [name, open(kind, { help, ...(withFlags && flag !== undefined && { flag }) })];
  });
  return Object.fromEntries(parts) as Group;
}

/** A protocol as an option of a method that has no other options of these names, and trains by SGD unless the protocol says otherwise. */
export const fitKind: Kind<FitOptions> = /* @__PURE__ */ (() => ({
  ...(object(leftOpen(true), (value: FitOptions, path) => {
    const clash = clashOf(value);
    if (clash) throw new Misfit([...path, clash.option], clash.expected, clash.got, "range");
  }) as Kind<FitOptions>),
  check(name: string, value: unknown): void {
    checkOptions(value, givenChecks, name, `${name}.`);
    checkTogether(name, value as FitOptions);
  },
}))();

/** A protocol as an option of any other method. */
export const partialFit: Kind<FitOptions> = /* @__PURE__ */ (() => {
  return { ...(object(leftOpen(false)) as Kind<FitOptions>), check: fitKind.check };
})();

/** The check of a protocol in which only what has a meaning by its absence may be left out. */
export const checkFit: Check = (name, value) => {
  checkOptions(value, Object.fromEntries(complete), name, `${name}.`);
  checkTogether(name, value as FitOptions);
};

/** Returns the protocol of checked options, with all defaults filled in. */
export function fitTraining(given: FitOptions): FitTraining {
  const momentum = given.momentum ?? (given.optimizer === "adam" ? 0 : 0.9);
  const { decayAt, ...rest } = completed(fitOptions, { ...given, momentum });
  if (rest.schedule === "cosine") return { ...rest, momentum };
  return { ...rest, momentum, decayAt: decayAt ?? [Math.floor(rest.epochs / 2)] };
}

/** Where a training is: in which epoch, and at which of so many gradient steps in all, all counted from 0. */
export interface FitPlace {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
}

type FitSchedule = Pick<
  FitTraining,
  "learningRate" | "decayAt" | "decayFactor" | "schedule" | "warmupSteps" | "finalShare"
>;

/**
 * Returns the learning rate of a gradient step (docs/math.md §5). The cosine with a warm-up is that of optax's linear_schedule
 * and cosine_decay_schedule one after the other.
 */
export function fitRate(training: FitSchedule, { epoch, step, steps }: FitPlace): number {
  const { learningRate, decayAt = [], decayFactor, schedule, warmupSteps = 0, finalShare = 0 } = training;
  if (schedule === "cosine") {
    if (step < warmupSteps) return (learningRate * step) / warmupSteps;
    const passed = (step - warmupSteps) / (steps - warmupSteps);
    return learningRate * (finalShare + ((1 - finalShare) * (1 + cosine(Math.PI * passed))) / 2);
  }
  let rate = learningRate;
  for (const at of decayAt) if (epoch >= at) rate *= decayFactor;
  return rate;
}
