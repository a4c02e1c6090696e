// How networks train on a set whose labels are centred and learned, with the loss "mse": by the protocol of FRePo, with or without its
// augmentation.
import type { AugmentStrategy } from "../../inner/augment-strategies.ts";
import { type FitOptions, type FitTraining, fitTraining } from "../training.ts";

/** Passes over a set of so many images a class, as FRePo's code has them. */
function usualEpochs(imagesPerClass: number): number {
  if (imagesPerClass === 1) return 1000;
  return imagesPerClass <= 10 ? 2000 : 5000;
}

/** What the options of a method say. */
interface Asked {
  readonly imagesPerClass: number;
  readonly training: FitOptions;
}

/**
 * Returns the protocol by which networks train on a set: FRePo's own (Zhou, Nezhadarya, Ba, NeurIPS 2022), but for the strategies of
 * augmentation, with what the options say instead.
 */
export function regressionTraining(
  { imagesPerClass, training }: Asked,
  augment: readonly AugmentStrategy[],
): FitTraining {
  const { epochs = usualEpochs(imagesPerClass), schedule, decayAt } = training;
  const falls = schedule === "steps" || decayAt !== undefined;
  const cosine = { schedule: "cosine", warmupSteps: Math.min(500, Math.floor(epochs / 2)), finalShare: 0.01 } as const;
  const usual = { optimizer: "adam", learningRate: 3e-4, batch: 500, weightDecay: 0 } as const;
  return fitTraining({ ...usual, epochs, augment, ...(!falls && cosine), ...training });
}
