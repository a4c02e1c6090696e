// Counts useful arithmetic: multiplications and additions of convolutions and linear layers on real images, by direct
// summation. F is the forward pass of one image, F₁ the first layer's part of it.
//
//   training            F forward, F weight gradients, F − F₁ data gradients        3F − F₁    an image
//   R-pass, forward     w ⋆ ṙx + v ⋆ x in each layer, but ṙx = 0 in the first       2F − F₁
//   R-pass, backward    weights ṙdy ⋆ x + dy ⋆ ṙx, again not in the first;
//                       data wᵀ ⋆ ṙdy + vᵀ ⋆ dy, in the first too (H_xθ)            2F − F₁ + 2F
//
// An unrolled step of back-gradient keeps its activations, so the reverse sweep takes the R-pass alone: 6F − 2F₁
// (docs/math.md §2: training 3F, reverse sweep 6F). The sweep ends at the first step, which does not need the weights'
// 2F − F₁. Real images are trained on once.
import type { Model } from "./model.ts";

/** Returns F and F₁ of a model. */
export function forwardFlops(model: Model): { all: number; first: number } {
  let all = 0;
  let first = 0;
  model.layers.forEach((layer, i) => {
    const flops = layer.flops(model.shapes[i]!);
    first ||= flops;
    all += flops;
  });
  return { all, first };
}

/**
 * Counts one outer step of a method that goes back through a window of training: `skipped` steps and those of the window on `batch`
 * images each, the loss on `real` images. All activations of the window are kept.
 */
export function windowFlops(
  model: Model,
  { skipped, window, batch, real }: { skipped: number; window: number; batch: number; real: number },
): number {
  const { all, first } = forwardFlops(model);
  const inner = skipped * (3 * all - first) + window * (9 * all - 3 * first) - (2 * all - first);
  return batch * inner + real * (3 * all - first);
}

/** Counts one outer step of back-gradient on one network: T inner steps on `imagesPerStep` images, the loss on `real` images. */
export function backGradientFlops(
  model: Model,
  { steps, epochs, imagesPerStep, real }: { steps: number; epochs: number; imagesPerStep: number; real: number },
): number {
  const { all, first } = forwardFlops(model);
  const inner = steps * epochs * (9 * all - 3 * first) - (2 * all - first);
  return imagesPerStep * inner + real * (3 * all - first);
}
