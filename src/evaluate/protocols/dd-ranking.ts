// The protocol of DD-Ranking (Li et al. 2025), with accuracies as shares, after the last epoch, and every learning rate chosen on
// validation images. docs/protocols.md has its rules.
import { lossOf } from "../../distill/distilled-set.ts";
import type { FitTraining } from "../../distill/training.ts";
import { realSet } from "../baselines/real-set.ts";
import { type AugmentationName, augmentationSets } from "./names.ts";
import type { Planned } from "./planned.ts";
import { imagesOf, onArchitecture, onBaseline, onSet, type Problem } from "./problem.ts";
import { ddRankingEpochs, ddRankingTraining, hasHardLabels } from "./rules.ts";
import type { DdRankingAccuracies } from "./scores.ts";

const BATCH = 128;
const WHOLE_BATCH = 512;

/** The trainings that the scores are made of. Two may be the same one. */
export type DdRankingParts = { readonly [Part in keyof DdRankingAccuracies]: Planned };

export interface DdRankingPlan {
  readonly parts: DdRankingParts;
  /** All trainings, each once, with those on other baselines and other networks. */
  readonly all: readonly Planned[];
}

/** Plans all trainings. */
export function ddRankingPlan(problem: Problem): DdRankingPlan {
  const { set, baselines, architectures } = problem;
  const random = randomKind(problem);
  const by = (augmentation: AugmentationName) => {
    const passes = problem.epochs ?? ddRankingEpochs.set;
    const rule = { epochs: passes, batch: BATCH, augment: augmentationSets[augmentation] };
    return { augmentation, choice: "rate", passes, training: (rate: number) => ddRankingTraining(rule, rate) } as const;
  };
  const [augmentation] = problem.augmentations as readonly [AugmentationName];
  const hard = onSet(problem, { ...by("none"), hard: true });
  const plain = hasHardLabels(set) && lossOf(set) === "cross-entropy" ? hard : onSet(problem, by("none"));
  const parts = {
    whole: onWhole(problem),
    hard,
    own: byOwnProtocol(problem),
    randomOwn: randomByOwnProtocol(problem, random),
    augmented: onSet(problem, by(augmentation)),
    randomAugmented: onBaseline(problem, random, by(augmentation)),
    plain,
    randomPlain: onBaseline(problem, random, by("none")),
  };
  const others = baselines.filter((kind) => kind !== random).map((kind) => onBaseline(problem, kind, by("none")));
  const networks = Object.entries(architectures).map(([name, model]) => onArchitecture(plain, name, model));
  return { parts, all: [...new Set(Object.values(parts)), ...others, ...networks] };
}

/** The random images that the set is compared with: where its labels are soft, with soft labels of a teacher. */
export function randomKind({ set }: Pick<Problem, "set">): "random-real" | "random-soft" {
  return hasHardLabels(set) ? "random-real" : "random-soft";
}

/** All training images with their labels. One network for each learning rate chooses it on the images that are not held back. */
function onWhole({ train, rest, model, init, wholeEpochs }: Problem): Planned {
  const passes = wholeEpochs ?? ddRankingEpochs.whole;
  const training = (rate: number): FitTraining => ddRankingTraining({ epochs: passes, batch: WHOLE_BATCH }, rate);
  return {
    ...{ entry: "whole-data", architecture: "own", augmentation: "none", labels: "own", model, init },
    ...{ loss: "cross-entropy", choice: "rate", tries: 1, training, images: train.count, passes },
    on: (rate, _, use) => ({ data: use === "choose" ? rest : train, training: training(rate) }),
  };
}

/** The set as it says itself: by its learned rates, or by its own training at a rate that is chosen. */
function byOwnProtocol({ set, model, init, networks }: Problem): Planned {
  const { training } = set;
  const shared: Omit<Planned, "choice" | "training" | "passes" | "on"> = {
    ...{ entry: "distilled", architecture: "own", augmentation: "own", labels: "own", model, init },
    ...{ loss: lossOf(set), tries: networks, images: imagesOf(set) },
  };
  if (!training) {
    return { ...shared, choice: "none", training: () => undefined, passes: set.epochs, on: () => set };
  }
  const at = (learningRate: number): FitTraining => ({ ...training, learningRate });
  const on = (rate: number) => ({ ...set, training: at(rate) });
  return { ...shared, choice: "rate", training: at, passes: training.epochs, on };
}

/** Random images in the place of the set's, in as many steps, at a constant rate or by its training; the rate is chosen. */
function randomByOwnProtocol(problem: Problem, kind: "random-real" | "random-soft"): Planned {
  const { set, train, draws } = problem;
  const own = byOwnProtocol(problem);
  return {
    ...own,
    ...{ entry: kind, labels: kind === "random-soft" ? "teacher" : "own", choice: "rate" },
    on(learningRate, network, use) {
      const training = own.training(learningRate);
      const like = { ...set, training };
      const drawn = draws(kind, use);
      const constant = { learningRate, epochs: set.epochs };
      return realSet(drawn.of(network), like, train, constant, kind, drawn.targetsOf?.(network));
    },
  };
}

/** What DD-Ranking augments by unless it is told otherwise. */
export const ddRankingAugmentations: readonly AugmentationName[] = ["dsa"];
