// The protocol by which networks train on a set of windows, if the method does not say another (docs/math.md §10).
import { type FitTraining, fitTraining } from "../../training.ts";
import { batchPerClass, innerRate, sgdOf, type WindowsMethod } from "./options.ts";

/**
 * Returns the protocol for so many classes: batches of as many images as an inner step takes, augmented by the same strategies,
 * and the inner steps' rule at the learning rate `rate`, without decays. Adam's decays and eps are then those of torch.optim.
 */
export function trainingOf(method: WindowsMethod, classes: number, rate: number = innerRate(method)): FitTraining {
  const ofRule = method.optimizer === "sgd" ? sgdOf(method) : { optimizer: "adam" as const, weightDecay: 0 };
  const asInner = { batch: batchPerClass(method) * classes, learningRate: rate, ...ofRule };
  const { augment, training } = method;
  const { schedule } = training;
  const augmented = augment?.length && { augment };
  return fitTraining({ ...asInner, ...augmented, ...(schedule !== "cosine" && { decayAt: [] }), ...training });
}
