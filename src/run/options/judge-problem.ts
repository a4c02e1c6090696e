// Turns the options of judge() into what a protocol plans for, without running anything.
import { randomInit } from "../../distill/weight-source.ts";
import { perClassOf } from "../../evaluate/baselines/real-set.ts";
import { dcBenchAugmentations, dcBenchOthers, dcBenchPlan } from "../../evaluate/protocols/dc-bench.ts";
import { ddRankingAugmentations, ddRankingPlan, randomKind } from "../../evaluate/protocols/dd-ranking.ts";
import type { ComparedKind } from "../../evaluate/protocols/names.ts";
import { type PlanCost, type Planned, planCost } from "../../evaluate/protocols/planned.ts";
import { imagesOf, type Problem } from "../../evaluate/protocols/problem.ts";
import { dcBenchEpochs, ddRankingEpochs } from "../../evaluate/protocols/rules.ts";
import { ddRankingWeight } from "../../evaluate/protocols/scores.ts";
import type { Judgement, JudgeOptions } from "./judge.ts";

/** The images of a set that a judgement trains on: all training images, and those that nobody chooses by. */
export type JudgedData = Pick<Problem, "train" | "rest">;

/** Returns the number of networks: that of the options, or the least that the protocol allows. Throws RangeError for fewer. */
export function judgedNetworks({ protocol, networks }: Pick<JudgeOptions, "protocol" | "networks">): number {
  const least = protocol === "paper" ? 20 : 5;
  if (networks === undefined || networks >= least) return networks ?? least;
  throw new RangeError(`"networks" expected at least ${least} for the protocol "${protocol}", got ${networks}`);
}

/** The options that only some protocols have. */
const optionsOf: Readonly<Record<string, readonly JudgeOptions["protocol"][]>> = {
  epochs: ["dc-bench", "dd-ranking"],
  wholeEpochs: ["dd-ranking"],
  optimizer: ["dc-bench"],
  augmentations: ["dc-bench", "dd-ranking"],
};

/** Throws RangeError for options that the protocol does not have, and for networks that are not as it wants them. */
export function checkProtocolOptions(options: JudgeOptions): void {
  const { protocol, init, baselines = [] } = options;
  for (const [name, protocols] of Object.entries(optionsOf)) {
    if (options[name as keyof JudgeOptions] === undefined || protocols.includes(protocol)) continue;
    throw new RangeError(`"${name}" expected nothing for the protocol "${protocol}", got a value`);
  }
  judgedNetworks(options);
  if (protocol === "paper") return;
  if (init !== undefined && init.kind !== "random") {
    throw new RangeError(`"init" expected randomInit() for the protocol "${protocol}", got kind "${init.kind}"`);
  }
  if (baselines.includes("optimized-real")) {
    throw new RangeError(`"baselines" expected no "optimized-real" for the protocol "${protocol}", got it`);
  }
}

/** Returns the kinds of images that the judgement compares with. Throws RangeError if the set has no whole number for each class. */
export function comparedWith(options: JudgeOptions): ComparedKind[] {
  const { protocol, set, train, baselines = [] } = options;
  const random = protocol === "dd-ranking" ? [randomKind({ set })] : [];
  const kinds = [...new Set([...random, ...(baselines as readonly ComparedKind[])])];
  if (kinds.length > 0) perClassOf(protocol === "dd-ranking" && !set.training ? set : oneBlock(set), train);
  return kinds;
}

function oneBlock(set: JudgeOptions["set"]): { readonly imagesPerStep: number } {
  return { imagesPerStep: imagesOf(set) };
}

/** Returns what the protocol plans for; `draws` gives the images of baselines. */
export function problemOf(options: JudgeOptions, data: JudgedData, draws: Problem["draws"]): Problem {
  const { set, protocol, model, init = randomInit("pytorch"), optimizer = "sgd", architectures = {} } = options;
  const { epochs, wholeEpochs } = options;
  const usual = protocol === "dc-bench" ? dcBenchAugmentations : ddRankingAugmentations;
  const { augmentations = usual, baselines = [] } = options;
  return {
    ...{ set, ...data, model, init, networks: judgedNetworks(options), epochs, wholeEpochs, optimizer },
    ...{ augmentations: [...new Set(augmentations)], architectures, draws },
    baselines: [...new Set(baselines as readonly ComparedKind[])],
  };
}

/** Returns the settings of a protocol as plain data. */
export function judgeSettings(problem: Problem, protocol: "dc-bench" | "dd-ranking"): Judgement["settings"] {
  const { networks, epochs, wholeEpochs, optimizer, augmentations, init } = problem;
  const shared = { networks, augmentations, init };
  if (protocol === "dc-bench") {
    return { ...shared, optimizer, epochs: epochs ?? dcBenchEpochs };
  }
  const weights = { labelWeight: ddRankingWeight, augmentationWeight: ddRankingWeight };
  return {
    ...shared,
    epochs: epochs ?? ddRankingEpochs.set,
    wholeEpochs: wholeEpochs ?? ddRankingEpochs.whole,
    ...weights,
  };
}

/**
 * Returns what a judgement by "dc-bench" or "dd-ranking" takes at least. Nothing is trained.
 *
 * @example judgeCost({ set, protocol: "dd-ranking", model, train, test }).flops
 */
export function judgeCost(options: JudgeOptions): PlanCost {
  const problem = problemOf(options, { train: options.train, rest: options.train }, noDraws);
  return planCost(planOf(problem, options.protocol), problem.networks);
}

const noDraws: Problem["draws"] = () => {
  throw new Error("a cost expected no draws of images, got a call");
};

function planOf(problem: Problem, protocol: JudgeOptions["protocol"]): readonly Planned[] {
  if (protocol === "dd-ranking") return ddRankingPlan(problem).all;
  const plan = dcBenchPlan(problem);
  // The choice decides how long other networks train; at most as long as with the longest one.
  const longest = Math.max(...plan.map(({ passes }) => passes));
  const entries = new Map(plan.filter(({ passes }) => passes === longest).map((planned) => [planned.entry, planned]));
  return [...plan, ...dcBenchOthers(problem, [...entries.values()])];
}
