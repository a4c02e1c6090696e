// The protocol by which networks train on a set of windows, if the method does not say another (docs/math.md §10).
import { type FitTraining, fitTraining } from "../../training.ts";
import { batchPerClass, innerRate, sgdOf, type WindowsMethod } from "./options.ts";

/**
 * Returns the protocol for so many classes: batches of as many images as an inner step takes and, after inner steps of SGD, its
 * constants at the learning rate `rate`, without decays. After inner steps of Adam it is the usual SGD.
 */
export function trainingOf(method: WindowsMethod, classes: number, rate: number = innerRate(method)): FitTraining {
  const { momentum, weightDecay } = sgdOf(method);
  const asInner = method.optimizer === "sgd" ? { learningRate: rate, momentum, weightDecay, decayAt: [] } : {};
  return fitTraining({ batch: batchPerClass(method) * classes, ...asInner, ...method.training });
}
