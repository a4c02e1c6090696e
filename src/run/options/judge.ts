// The options and the result of judge().
import type { Dataset } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { SetStorage } from "../../distill/storage.ts";
import type { FitTraining } from "../../distill/training.ts";
import type { WeightSource } from "../../distill/weight-source.ts";
import type { Elsewhere } from "../../engine/elsewhere.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Inexact } from "../../engine/inexact.ts";
import type { BaselineKind } from "../../evaluate/baselines/kinds.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { AugmentationName, ProtocolName } from "../../evaluate/protocols/names.ts";
import type { DdRankingScores } from "../../evaluate/protocols/scores.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";
import type { Summary } from "../../numeric/summary.ts";

/** Options of `judge`. */
export interface JudgeOptions {
  readonly set: DistilledSet;
  readonly protocol: ProtocolName;
  /** Real images to train on, for baselines and choices. They and `test` are normalised as the set is, whatever their own mean and std. */
  readonly train: Dataset;
  /** Real images on which no network is trained and by which nothing is chosen. */
  readonly test: Dataset;
  /** The network that the set was distilled for. */
  readonly model: Model;
  /** The initial weights. Default: those of PyTorch's layers, drawn for each network; under "paper" those of `randomInit()`. */
  readonly init?: WeightSource | undefined;
  /** The number of networks for each figure: at least 5, the default, and under "paper" at least 20, the default. */
  readonly networks?: number | undefined;
  /** The epochs of a training. Default: what the protocol says. Under "paper" the set says it. */
  readonly epochs?: number | undefined;
  /** The epochs of a training on all training images, for "dd-ranking". Default 200. */
  readonly wholeEpochs?: number | undefined;
  /** The rule of training, for "dc-bench". Default "sgd". */
  readonly optimizer?: "sgd" | "adam" | undefined;
  /** What "dc-bench" chooses from: default none and dsa. "dd-ranking" compares no augmentation with the first of these, by default dsa. */
  readonly augmentations?: readonly AugmentationName[] | undefined;
  /** What to compare with. Default: nothing; "dd-ranking" always compares with random images. */
  readonly baselines?: readonly BaselineKind[] | undefined;
  /** Other networks to train on the set, by their names; their initial weights are random. Default: none. */
  readonly architectures?: Readonly<Record<string, Model>> | undefined;
  /** The seed of networks and draws. Default 0. */
  readonly seed?: number | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
  /** The number of workers, as for `evaluate`. */
  readonly workers?: number | undefined;
  /** Computes networks on a cluster, in place of workers here: `cluster(…)` of distillate/cluster. Results do not change. */
  readonly on?: Elsewhere | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: JudgeProgress) => void) | undefined;
}

/** Reports that a network was trained. */
export interface JudgeProgress {
  /** Whether it was for a choice, or for a figure of the result. */
  readonly stage: "choosing" | "testing";
  /** What it was trained on and how: "distilled, dsa". */
  readonly what: string;
  /** The networks of this figure: those trained, and all. */
  readonly network: number;
  readonly networks: number;
}

/** What networks were trained on: the set, a baseline, or all training images. */
export type JudgedEntry = "distilled" | BaselineKind | "whole-data";

/** A learning rate that was tried, with what came of it. */
export interface Tried {
  /** Absent where there was no rate to choose. */
  readonly learningRate?: number | undefined;
  readonly validation: Evaluation;
}

/** One way to train, how it was chosen, and what it gives. */
export interface JudgedTraining {
  readonly entry: JudgedEntry;
  /** "own" is the network that the set was distilled for; others have the names that they were given. */
  readonly architecture: string;
  /** "own" is that of the set's own protocol. */
  readonly augmentation: AugmentationName | "own";
  /** The labels: those of the set or the real images, the largest of each as one-hot labels, or those of a teacher. */
  readonly labels: "own" | "hard" | "teacher";
  /** How networks were trained; absent for a schedule of learned rates. */
  readonly training?: FitTraining | undefined;
  /** The chosen rate, or the one that the protocol says; absent for learned ones. */
  readonly learningRate?: number | undefined;
  /** What was tried on the validation images, in the order of the trials; empty if there was nothing to choose. */
  readonly tried: readonly Tried[];
  /** The accuracies, on the validation images, of what was chosen. */
  readonly validation?: Evaluation | undefined;
  /** The accuracies after the last step on the test images. */
  readonly test: Evaluation;
}

/** The scores of DC-BENCH for one entry. */
export interface DcBenchScores {
  readonly entry: JudgedEntry;
  /** The augmentation that is best on the validation images, and the test accuracy with it. */
  readonly augmentation: AugmentationName;
  readonly best: Summary;
  /** The mean over the augmentations, network by network. */
  readonly overAugmentations: Summary;
  /** The mean over the other architectures, with the chosen augmentation; absent without any. */
  readonly overArchitectures?: Summary | undefined;
}

/** The scores of a protocol. */
export type JudgedScores =
  | { readonly protocol: "paper" }
  | { readonly protocol: "dc-bench"; readonly entries: readonly DcBenchScores[] }
  | ({ readonly protocol: "dd-ranking" } & DdRankingScores);

/** The result of `judge`. Plain data. */
export interface Judgement extends Inexact {
  readonly protocol: ProtocolName;
  /** The settings of the protocol that were used. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The seed of the run that made the set, if its recipe says it; that of the judgement; and the numbers of the networks. */
  readonly seeds: {
    readonly set?: number | undefined;
    readonly judgement: number;
    readonly networks: readonly number[];
  };
  readonly data: {
    readonly train: string;
    readonly test: string;
    readonly trainImages: number;
    /** Those that choices were made by; 0 if there was nothing to choose. */
    readonly validationImages: number;
    readonly testImages: number;
  };
  readonly storage: SetStorage;
  readonly loss: Loss;
  readonly trainings: readonly JudgedTraining[];
  readonly scores: JudgedScores;
}
