// How networks are trained under each protocol. docs/protocols.md says where the rules come from, and what differs.
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { type FitTraining, fitTraining } from "../../distill/training.ts";
import type { AugmentStrategy } from "../../inner/augment-strategies.ts";

/** The usual numbers of epochs of DC-BENCH, without and with augmentation. */
export const dcBenchEpochs = { plain: 300, augmented: 1000 } as const;

/** The usual numbers of epochs of DD-Ranking, for a set and for all training images. */
export const ddRankingEpochs = { set: 1000, whole: 200 } as const;

/** The rule of a training under DC-BENCH. */
export interface DcBenchRule {
  readonly optimizer: "sgd" | "adam";
  readonly epochs: number;
  readonly augment: readonly AugmentStrategy[];
}

/**
 * Returns how DC-BENCH trains a network for E = `epochs`: E + 1 passes in batches of 256. SGD with momentum 0.9 and weight decay
 * 5e-4 goes at 0.01 through the passes 0 … ⌊E/2⌋ + 1, and then at 0.001 with a new optimiser; Adam goes at 0.003 throughout.
 */
export function dcBenchTraining({ optimizer, epochs, augment }: DcBenchRule): FitTraining {
  const shared = { batch: 256, epochs: epochs + 1, ...(augment.length > 0 && { augment }) };
  if (optimizer === "adam") {
    return fitTraining({ ...shared, optimizer, learningRate: 0.003, weightDecay: 0, decayAt: [] });
  }
  const falls = { decayAt: [Math.floor(epochs / 2) + 2], decayFactor: 0.1, restart: true };
  return fitTraining({ ...shared, optimizer, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4, ...falls });
}

/** The rule of a training under DD-Ranking, whose learning rate is chosen. */
export interface DdRankingRule {
  readonly epochs: number;
  readonly batch: number;
  readonly augment?: readonly AugmentStrategy[] | undefined;
}

/** Returns how DD-Ranking trains a network: SGD with momentum 0.9 and weight decay 5e-4, at a tenth of the rate after half of it. */
export function ddRankingTraining({ epochs, batch, augment = [] }: DdRankingRule, learningRate: number): FitTraining {
  const shared = { epochs, batch, learningRate, ...(augment.length > 0 && { augment }) };
  return fitTraining({ ...shared, momentum: 0.9, weightDecay: 5e-4, decayAt: [Math.floor(epochs / 2)] });
}

/** Returns the set with this training in the place of its own: one block of all its images. With `hard` labels are one-hot. */
export function trainedBy(set: DistilledSet, training: FitTraining, hard: boolean = false): DistilledSet {
  const { momentum: _, weightDecay: __, ...rest } = set;
  const { steps, imagesPerStep } = set;
  return {
    ...rest,
    ...{ steps: 1, epochs: 0, imagesPerStep: steps * imagesPerStep, training },
    targets: hard ? hardTargets(set) : set.targets,
    learningRates: new Float32Array(0),
  };
}

/** Returns the targets as one-hot labels: 1 at the largest of each image, the first of equal ones. */
export function hardTargets({ targets, classes }: Pick<DistilledSet, "targets" | "classes">): Float32Array {
  const out = new Float32Array(targets.length);
  for (let at = 0; at < targets.length; at += classes) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (targets[at + k]! > targets[at + best]!) best = k;
    out[at + best] = 1;
  }
  return out;
}

/** Returns whether every label of the set is one-hot. */
export function hasHardLabels(set: Pick<DistilledSet, "targets" | "classes">): boolean {
  const hard = hardTargets(set);
  return set.targets.every((value, i) => value === hard[i]);
}
