// How networks train on a set whose labels are centred and learned, with the loss "mse": the protocol of FRePo, which sets of KIP and of
// label solve share, so that their figures can be compared.
import { type FitOptions, type FitTraining, fitTraining } from "../training.ts";

/** Passes over a set of so many images a class, as FRePo's code has them. */
function usualEpochs(imagesPerClass: number): number {
  if (imagesPerClass === 1) return 1000;
  return imagesPerClass <= 10 ? 2000 : 5000;
}

/**
 * Returns the protocol by which networks train on a set: FRePo's own (Zhou, Nezhadarya, Ba, NeurIPS 2022), with what the options say
 * instead. Its code draws a translation where this draws a crop, which is one, and mirrors photographs too; digits and letters must
 * not be.
 */
export function regressionTraining({
  imagesPerClass,
  training,
}: {
  readonly imagesPerClass: number;
  readonly training: FitOptions;
}): FitTraining {
  const { epochs = usualEpochs(imagesPerClass), schedule, decayAt } = training;
  const falls = schedule === "steps" || decayAt !== undefined;
  const cosine = { schedule: "cosine", warmupSteps: Math.min(500, Math.floor(epochs / 2)), finalShare: 0.01 } as const;
  const usual = { optimizer: "adam", learningRate: 3e-4, batch: 500, weightDecay: 0 } as const;
  const augment = ["color", "crop", "cutout", "scale", "rotate"] as const;
  return fitTraining({ ...usual, epochs, augment, ...(!falls && cosine), ...training });
}
