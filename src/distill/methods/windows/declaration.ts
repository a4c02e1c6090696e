// The row of windows in the table of methods.
import { windowFlops } from "../../../nn/flops.ts";
import type { MethodDeclaration } from "../declaration.ts";
import { batchPerClass, checkBatch, checkTogether, type WindowsMethod, windows, windowsOptions } from "./options.ts";
import { trainingOf } from "./training.ts";

export const windowsDeclaration: MethodDeclaration<WindowsMethod> = {
  slices: true,
  options: windowsOptions,
  innerRate: "learningRate",
  outer: { learningRate: 0.001, beta1: 0.9, clip: 2, decayFactor: 1 },
  make: windows,
  expected: "what windows() gives",
  checkTogether,
  check: checkBatch,
  shape: (method, classes) => ({
    ...{ steps: 1, epochs: 0, imagesPerStep: method.imagesPerClass * classes },
    training: trainingOf(method, classes),
  }),
  classes: (_, classes) => new Set(Array.from({ length: classes }, (_, k) => k)),
  flops: (method, model, real) => {
    const { leastSteps, totalSteps, window } = method;
    // As many as there are in the mean.
    const skipped = (leastSteps + totalSteps - window) / 2;
    return windowFlops(model, { skipped, window, batch: batchPerClass(method) * model.classes, real });
  },
};
