// The row of trajectory matching in the table of methods.
import { windowFlops } from "../../../nn/flops.ts";
import { checkExperts } from "../../experts.ts";
import type { MethodDeclaration } from "../declaration.ts";
import {
  checkForModel,
  checkTogether,
  subBatchOf,
  type TrajectoryMatchingMethod,
  trainingOf,
  trajectoryMatching,
  trajectoryMatchingOptions,
} from "./options.ts";

export const trajectoryMatchingDeclaration: MethodDeclaration<TrajectoryMatchingMethod> = {
  options: trajectoryMatchingOptions,
  innerRate: "learningRate",
  outer: { optimizer: "sgd", learningRate: 100, momentum: 0.5, decayFactor: 1 },
  augmentsNothing: true,
  make: trajectoryMatching,
  expected: "what trajectoryMatching() gives",
  checkTogether,
  check: checkForModel,
  checkInit: (method, init) => checkExperts(init, method),
  shape: (method, classes) => ({
    ...{ steps: 1, epochs: 0, imagesPerStep: method.imagesPerClass * classes },
    training: trainingOf(method, classes),
  }),
  classes: (_, classes) => new Set(Array.from({ length: classes }, (_, k) => k)),
  real: () => 0,
  flops: (method, model, real) =>
    windowFlops(model, { skipped: 0, window: method.steps, batch: subBatchOf(method, model.classes), real }),
};
