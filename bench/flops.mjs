// Counts the useful arithmetic of the workloads, as src/nn/flops.ts does.
import { backGradientFlops, forwardFlops } from "../dist/nn/flops.js";

export { backGradientFlops, forwardFlops };

/** Counts one step of gradient matching: gradients on `real` and on `images` images, and H_xθ·v on the latter. */
export function matchingFlops(model, { imagesPerStep, real }) {
  const { all, first } = forwardFlops(model);
  const training = 3 * all - first;
  // The R-pass without H_θθ·v, which is not needed here.
  return real * training + imagesPerStep * (training + 2 * all - first + 2 * all);
}
