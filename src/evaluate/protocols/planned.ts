// What a protocol trains: the plan of one training, which says what is chosen and how many networks that takes. A plan runs nothing,
// so its cost is known beforehand.
import type { FitTraining } from "../../distill/training.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import { forwardFlops } from "../../nn/flops.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";
import type { BaselineKind } from "../baselines/kinds.ts";
import { FIRST_RATES } from "../baselines/tune.ts";
import type { TrainedOn } from "../fit-trainer.ts";
import type { AugmentationName } from "./names.ts";

/** What a network is for. */
export type Use = "choose" | "test";

/** One training of a protocol. */
export interface Planned {
  readonly entry: "distilled" | BaselineKind | "whole-data";
  readonly architecture: string;
  readonly augmentation: AugmentationName | "own";
  readonly labels: "own" | "hard" | "teacher";
  readonly model: Model;
  readonly init: WeightSource;
  readonly loss: Loss;
  /** Whether its learning rate is chosen, whether only its accuracy on validation images is wanted, or neither. */
  readonly choice: "rate" | "accuracy" | "none";
  /** The networks for each thing that is tried. */
  readonly tries: number;
  /** How networks train at a learning rate, which counts only if it is chosen; undefined for a learned schedule. */
  readonly training: (learningRate: number) => FitTraining | undefined;
  /** The number of images, and of passes over them. */
  readonly images: number;
  readonly passes: number;
  /** What network `k` trains on at that rate. */
  readonly on: (learningRate: number, network: number, use: Use) => TrainedOn;
}

/** Names a training for a reader: "distilled, dsa, hard labels, vgg11". */
export function plannedLabel({ entry, augmentation, labels, architecture }: Omit<Planned, "on" | "training">): string {
  const parts = [entry, augmentation === "own" ? "own protocol" : augmentation];
  if (labels === "hard") parts.push("hard labels");
  if (architecture !== "own") parts.push(architecture);
  return parts.join(", ");
}

/** The least that a plan takes: the search for a learning rate may go on. */
export interface PlanCost {
  readonly networks: number;
  /** Additions and multiplications of all trainings, without tests. */
  readonly flops: number;
  /** The part of `flops` that all training images take. */
  readonly wholeData: number;
}

/** Returns what a plan takes at least, with so many networks for each figure. */
export function planCost(plan: readonly Planned[], networks: number): PlanCost {
  const cost = { networks: 0, flops: 0, wholeData: 0 };
  for (const { choice, tries, model, images, passes, entry } of plan) {
    const tried = { rate: FIRST_RATES, accuracy: 1, none: 0 }[choice] * tries;
    const { all, first } = forwardFlops(model);
    const flops = (networks + tried) * images * passes * (3 * all - first);
    cost.networks += networks + tried;
    cost.flops += flops;
    if (entry === "whole-data") cost.wholeData += flops;
  }
  return cost;
}
