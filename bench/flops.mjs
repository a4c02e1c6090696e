// Useful arithmetic of the workloads, as src/nn/flops.ts counts it.
import { backGradientFlops, forwardFlops } from "../dist/nn/flops.js";

export { backGradientFlops, forwardFlops };

/** One step of gradient matching: gradients on `real` and on `images` images, and H_xθ·v on the latter. */
export function matchingFlops(model, { imagesPerStep, real }) {
  const { all, first } = forwardFlops(model);
  const training = 3 * all - first;
  // The R-pass without H_θθ·v, which nobody wants here.
  return real * training + imagesPerStep * (training + 2 * all - first + 2 * all);
}
