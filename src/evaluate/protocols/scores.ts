// What protocols make of accuracies, all of them shares from 0 to 1 (docs/protocols.md).
import { exponential } from "../../numeric/elementary.ts";
import { type Summary, summary } from "../../numeric/summary.ts";

/** Scores of DD-Ranking (Li et al. 2025), with what they are made of. */
export interface DdRankingScores {
  /** Hard label recovery: whole data − the set with hard labels. Lower is better. */
  readonly hlr: number;
  /** Improvement over random images: the set by its own protocol − random images by the same. */
  readonly ior: number;
  /** The weight w of `ior` in α = w·IOR − (1 − w)·HLR. */
  readonly labelWeight: number;
  /** The label robust score (e^α − e⁻¹)/(e − e⁻¹), from 0 to 1. */
  readonly lrs: number;
  /** The set − random images, both with augmentation. */
  readonly gainAugmented: number;
  /** The set − random images, both without. */
  readonly gainPlain: number;
  /** The weight γ of `gainAugmented` in β = γ·gainAugmented + (1 − γ)·gainPlain. */
  readonly augmentationWeight: number;
  /** The augmentation robust score (e^β − e⁻¹)/(e − e⁻¹), from 0 to 1. */
  readonly ars: number;
}

/** The mean accuracies that the scores of DD-Ranking are made of. */
export interface DdRankingAccuracies {
  /** All training images with their labels. */
  readonly whole: number;
  /** The set with hard labels. */
  readonly hard: number;
  /** The set by its own protocol, and random images by the same. */
  readonly own: number;
  readonly randomOwn: number;
  /** The set and random images with augmentation. */
  readonly augmented: number;
  readonly randomAugmented: number;
  /** The same without. */
  readonly plain: number;
  readonly randomPlain: number;
}

/** The weights of both scores, as DD-Ranking has them. */
export const ddRankingWeight = 0.5;

/** Returns the scores of accuracies from 0 to 1. */
export function ddRankingScores(of: DdRankingAccuracies, w: number = ddRankingWeight): DdRankingScores {
  const hlr = of.whole - of.hard;
  const ior = of.own - of.randomOwn;
  const gainAugmented = of.augmented - of.randomAugmented;
  const gainPlain = of.plain - of.randomPlain;
  return {
    ...{ hlr, ior, labelWeight: w, lrs: toShare(w * ior - (1 - w) * hlr) },
    ...{ gainAugmented, gainPlain, augmentationWeight: w, ars: toShare(w * gainAugmented + (1 - w) * gainPlain) },
  };
}

/** Maps a number from −1 to 1 to one from 0 to 1, by an exponential. */
function toShare(x: number): number {
  const [least, most] = [exponential(-1), exponential(1)];
  return (exponential(x) - least) / (most - least);
}

/**
 * Averages several evaluations network by network, and summarises these averages over the networks. All evaluations have the same
 * number of networks.
 */
export function averaged(evaluations: readonly { readonly accuracies: readonly number[] }[]): Summary {
  const [first] = evaluations;
  const averages = first!.accuracies.map(
    (_, k) => evaluations.reduce((sum, { accuracies }) => sum + accuracies[k]!, 0) / evaluations.length,
  );
  return summary(averages);
}
