// The row of back-gradient in the table of methods.
import { backGradientFlops } from "../../../nn/flops.ts";
import type { MethodDeclaration } from "../declaration.ts";
import { distilledClasses, initialLabels } from "./initial-labels.ts";
import { type BackGradientMethod, backGradient, backGradientOptions, checkTogether, imagesPerStep } from "./options.ts";

export const backGradientDeclaration: MethodDeclaration<BackGradientMethod> = {
  slices: true,
  options: backGradientOptions,
  innerRate: "learningRate",
  make: backGradient,
  expected: "what backGradient() gives",
  checkTogether,
  check: (method, { classes }) => void initialLabels(method, classes, 0, 0),
  shape: (method, classes) => {
    const { steps, epochs, momentum, weightDecay } = method;
    return { steps, epochs, imagesPerStep: imagesPerStep(method, classes), momentum, weightDecay };
  },
  classes: distilledClasses,
  flops: (method, model, real) => {
    const { steps, epochs } = method;
    return backGradientFlops(model, { steps, epochs, imagesPerStep: imagesPerStep(method, model.classes), real });
  },
};
