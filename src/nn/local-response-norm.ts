// Local response normalisation across channels.
// docs/math.md §2 has the formulas.
import { number, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { elements, type ImageShape, type Layer, type LayerContext, sizeFrom, type WeightlessLayer } from "./layer.ts";

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** The channels that count for each: from ⌊size/2⌋ before it to ⌈size/2⌉ − 1 after it. */
  size: number;
  /** Multiplies the mean of x² over all `size` channels, where absent ones are zeros. At least 0. Default 1e-4. */
  alpha?: number | undefined;
  /** Default 0.75. */
  beta?: number | undefined;
  /** Above 0. Default 1. */
  k?: number | undefined;
}

const checks: Checks<LocalResponseNormOptions> = {
  size: sizeFrom(1),
  alpha: optional(number("number >= 0", (alpha) => alpha >= 0 && Number.isFinite(alpha))),
  beta: optional(number("number", Number.isFinite)),
  k: optional(number("number > 0", (k) => k > 0 && Number.isFinite(k))),
};

/**
 * Computes y = x·(k + alpha·mean(x²))^−beta, with the mean over the `size` channels around each, [c, h, w] → [c, h, w], as
 * PyTorch does (`nn.LocalResponseNorm`). In the original formula alpha multiplies the sum, so this alpha is `size` times that.
 *
 * @throws RangeError unless size is a whole number ≥ 1, alpha ≥ 0, beta a number and k > 0.
 * @example
 * localResponseNorm({ size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 }) // AlexCifarNet's, docs/math.md §3
 */
export function localResponseNorm(options: LocalResponseNormOptions): Layer {
  checkOptions(options, checks);
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options;
  return {
    kind: "localResponseNorm",
    options: { size, alpha, beta, k },
    outputShape: (input) => input,
    parameters: () => [],
    planned: () => ({ op: "localResponseNorm" }),
    flops: () => 0,
    bind: (input, context) => bindLocalResponseNorm(input, { size, alpha, beta, k }, context),
  };
}

function bindLocalResponseNorm(
  input: ImageShape,
  options: Readonly<Record<keyof LocalResponseNormOptions, number>>,
  { ops, lanes }: LayerContext,
): WeightlessLayer {
  const [channels, height, width] = input;
  const shape = { channels, area: height * width, lanes, ...options };
  const n = elements(input) * lanes;
  return {
    inPlace: false,
    savedFloats: n,
    workspaceFloats: { forward: 0, "to images": n, all: 2 * n },
    forward: ({ x, y, saved }) => ops.localResponseNormForward(y, saved, x, shape),
    backward: ({ x, saved, dx, dy }, _w, _dw, _accumulate, workspace) =>
      ops.localResponseNormBackward(dx, workspace, dy, x, saved, shape),
    forwardR: ({ x, saved }, { rx, ry, saved: rSaved }) =>
      ops.localResponseNormForwardR(ry, rSaved, rx, x, saved, shape),
    backwardR: ({ x, dy, saved }, { rx, rdx, rdy, saved: rSaved }, _w, _v, _rdw, workspace) =>
      ops.localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, saved, rSaved, shape),
  };
}
