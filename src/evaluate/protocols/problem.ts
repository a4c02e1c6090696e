// What a protocol is applied to, and the trainings that all protocols share.
import type { Dataset } from "../../data/dataset.ts";
import { type DistilledSet, lossOf } from "../../distill/distilled-set.ts";
import type { FitTraining } from "../../distill/training.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Model } from "../../nn/model.ts";
import type { Draws } from "../baselines/draws.ts";
import { realSet } from "../baselines/real-set.ts";
import type { AugmentationName, ComparedKind } from "./names.ts";
import type { Planned, Use } from "./planned.ts";
import { trainedBy } from "./rules.ts";

/** A set with the data, networks and settings by which it is judged. */
export interface Problem {
  readonly set: DistilledSet;
  /** All training images, and those that nobody chooses by; normalised as the set is. */
  readonly train: Dataset;
  readonly rest: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** The networks for each figure. */
  readonly networks: number;
  readonly epochs?: number | undefined;
  readonly wholeEpochs?: number | undefined;
  readonly optimizer: "sgd" | "adam";
  readonly augmentations: readonly AugmentationName[];
  readonly baselines: readonly ComparedKind[];
  /** Other networks, by their names. */
  readonly architectures: Readonly<Record<string, Model>>;
  /** The images of a kind. Those to choose by and those to test are drawn for themselves. */
  readonly draws: (kind: ComparedKind, use: Use) => Draws;
}

/** The number of images of the set. */
export function imagesOf({ steps, imagesPerStep }: Pick<DistilledSet, "steps" | "imagesPerStep">): number {
  return steps * imagesPerStep;
}

/** How a training is described, and by which rule networks train. */
interface By extends Pick<Planned, "augmentation" | "choice"> {
  readonly training: (learningRate: number) => FitTraining;
  readonly passes: number;
  readonly hard?: boolean;
}

/** Plans training on the set by a rule, with the labels of the set or with hard ones. */
export function onSet(problem: Problem, { training, hard = false, ...by }: By): Planned {
  const { set, model, init, networks } = problem;
  return {
    ...{ entry: "distilled", architecture: "own", labels: hard ? "hard" : "own", model, init, tries: networks, ...by },
    // Hard labels go with cross-entropy, learned ones with the loss that they were learned for.
    loss: hard ? "cross-entropy" : lossOf(set),
    training,
    images: imagesOf(set),
    on: (learningRate) => trainedBy(set, training(learningRate), hard),
  };
}

/** Plans training on as many images of a baseline by the same rule. */
export function onBaseline(problem: Problem, kind: ComparedKind, { training, ...by }: By): Planned {
  const { set, train, model, init, networks, draws } = problem;
  const images = imagesOf(set);
  return {
    ...{ entry: kind, architecture: "own", labels: kind === "random-soft" ? "teacher" : "own", ...by },
    ...{ model, init, tries: networks, loss: "cross-entropy", training, images },
    on(learningRate, network, use) {
      const like = { steps: 1, epochs: 0, imagesPerStep: images, training: training(learningRate) };
      const drawn = draws(kind, use);
      const none = { learningRate, epochs: 0 };
      return realSet(drawn.of(network), like, train, none, kind, drawn.targetsOf?.(network));
    },
  };
}

/** Plans the same training for another network. */
export function onArchitecture(planned: Planned, architecture: string, model: Model): Planned {
  return { ...planned, architecture, model };
}
