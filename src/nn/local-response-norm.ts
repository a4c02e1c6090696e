// Local response normalisation (Krizhevsky et al. 2012) across neighbouring channels; the formulas of the four passes are
// in assembly/local-response-norm.ts and docs/math.md §2.
import {
  elements,
  type ImageShape,
  type Layer,
  type LayerContext,
  type WeightlessLayer,
  wholeNumber,
} from "./layer.ts";

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Channels that count for each: from ⌊size/2⌋ before it to ⌈size/2⌉ − 1 after it. */
  size: number;
  /** Multiplies the mean of x² over all `size` channels, where absent ones are zeros. At least 0. Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Above 0. Default 1. */
  k?: number;
}

/**
 * y = x·(k + alpha·mean(x²))^−beta, the mean over the `size` channels around each, [c, h, w] → [c, h, w], with PyTorch's
 * meaning (`nn.LocalResponseNorm`). In the original formula alpha multiplies the sum: `size` times that one is this one.
 *
 * @throws RangeError unless size is a whole number ≥ 1, alpha ≥ 0, beta a number and k > 0.
 * @example
 * localResponseNorm({ size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 }) // AlexCifarNet's, docs/math.md §3
 */
export function localResponseNorm({ size, alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions): Layer {
  wholeNumber("size", size, 1);
  if (!(alpha >= 0 && Number.isFinite(alpha))) throw new RangeError(`"alpha" expected number >= 0, got ${alpha}`);
  if (!Number.isFinite(beta)) throw new RangeError(`"beta" expected number, got ${beta}`);
  if (!(k > 0 && Number.isFinite(k))) throw new RangeError(`"k" expected number > 0, got ${k}`);
  return {
    kind: "localResponseNorm",
    options: { size, alpha, beta, k },
    outputShape: (input) => input,
    parameters: () => [],
    bind: (input, context) => bindLocalResponseNorm(input, { size, alpha, beta, k }, context),
  };
}

function bindLocalResponseNorm(
  input: ImageShape,
  options: Required<LocalResponseNormOptions>,
  { ops, batch }: LayerContext,
): WeightlessLayer {
  const [channels, height, width] = input;
  const shape = { channels, area: height * width, batch, ...options };
  const n = elements(input) * batch;
  return {
    inPlace: false,
    savedFloats: n,
    workspaceFloats: 2 * n,
    forward: ({ x, y, saved }) => ops.localResponseNormForward(y, saved, x, shape),
    backward: ({ x, saved, dx, dy }, _w, _dw, _accumulate, workspace) =>
      ops.localResponseNormBackward(dx, workspace, dy, x, saved, shape),
    forwardR: ({ x, saved }, { rx, ry, saved: rSaved }) =>
      ops.localResponseNormForwardR(ry, rSaved, rx, x, saved, shape),
    backwardR: ({ x, dy, saved }, { rx, rdx, rdy, saved: rSaved }, _w, _v, _rdw, workspace) =>
      ops.localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, saved, rSaved, shape),
  };
}
