// Useful arithmetic: multiplications and additions of convolutions and linear layers on real images, by direct
// summation. F is what the forward pass of one image takes, F₁ the first layer's part of it.
//
//   training            F forward, F weight gradients, F − F₁ data gradients        3F − F₁    an image
//   R-pass, forward     w ⋆ ṙx + v ⋆ x in each layer, but ṙx = 0 in the first       2F − F₁
//   R-pass, backward    weights ṙdy ⋆ x + dy ⋆ ṙx, again not in the first;
//                       data wᵀ ⋆ ṙdy + vᵀ ⋆ dy, in the first too (H_xθ)            2F − F₁ + 2F
//
// An unrolled step of back-gradient keeps its activations, so that the reverse sweep takes the R-pass alone:
// 6F − 2F₁ (docs/math.md §2: training 3F, reverse sweep 6F). Real images are trained on once.

/** F and F₁ of a model. */
export function forwardFlops(model) {
  let all = 0;
  let first = 0;
  model.layers.forEach(({ kind, options }, i) => {
    if (kind !== "conv2d" && kind !== "linear") return;
    const [channels] = model.shapes[i];
    const [out, height, width] = model.shapes[i + 1];
    const [kernelHeight, kernelWidth] = kind === "linear" ? [1, 1] : [options.kernel].flat().concat(options.kernel);
    const flops = 2 * out * height * width * channels * kernelHeight * kernelWidth;
    first ||= flops;
    all += flops;
  });
  return { all, first };
}

/** One outer step of back-gradient: T inner steps on `imagesPerStep` images, the outer loss on `real` images. */
export function backGradientFlops(model, { steps, epochs, imagesPerStep, real }) {
  const { all, first } = forwardFlops(model);
  return steps * epochs * imagesPerStep * (9 * all - 3 * first) + real * (3 * all - first);
}

/** One step of gradient matching: gradients on `real` and on `images` images, and H_xθ·v on the latter. */
export function matchingFlops(model, { imagesPerStep, real }) {
  const { all, first } = forwardFlops(model);
  const training = 3 * all - first;
  // The R-pass without H_θθ·v, which nobody wants here.
  return real * training + imagesPerStep * (training + 2 * all - first + 2 * all);
}
