// Dropout. The forward pass draws a mask and keeps it on the tape; the other three passes multiply with the same one.
// docs/math.md §2 has the formulas.
import { number, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { elements, type ImageShape, type Layer, type LayerContext, type WeightlessLayer } from "./layer.ts";

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** Default 0.5. */
  p?: number | undefined;
}

const dropoutChecks: Checks<DropoutOptions> = { p: optional(number("a number >= 0 and < 1", (p) => p >= 0 && p < 1)) };

/**
 * Makes each element, in training, 0 with probability `p` and 1 / (1 − p) times as large otherwise (`nn.Dropout`); in
 * evaluation nothing changes. The mask is a function only of seed, inner step and position in the network: it is the same
 * in all passes of a step, whether activations are kept or recomputed, and another one in every other step.
 *
 * @throws RangeError unless 0 ≤ p < 1.
 * @example
 * sequential([1, 28, 28], [flatten(), linear({ out: 100 }), relu(), dropout({ p: 0.5 }), linear({ out: 10 })])
 */
export function dropout(options: DropoutOptions = {}): Layer {
  checkOptions(options, dropoutChecks);
  const { p = 0.5 } = options;
  return {
    kind: "dropout",
    options: { p },
    outputShape: (input) => input,
    parameters: () => [],
    planned: () => ({ op: "elementwise" }),
    flops: () => 0,
    bind: (input, context) => bindDropout(input, context, p),
  };
}

function bindDropout(input: ImageShape, { ops, lanes }: LayerContext, p: number): WeightlessLayer {
  const n = elements(input) * lanes;
  return {
    inPlace: true,
    savedFloats: n,
    savesNoTangent: true,
    workspaceFloats: 0,
    forward({ x, y, saved: mask }, _, random) {
      if (random) ops.dropoutMask(mask, n, random, p);
      else ops.fill(mask, 1, n);
      ops.multiply(y, x, mask, n);
    },
    backward: ({ saved: mask, dx, dy }) => ops.multiply(dx, dy, mask, n),
    forwardR: ({ saved: mask }, { rx, ry }) => ops.multiply(ry, rx, mask, n),
    backwardR: ({ saved: mask }, { rdx, rdy }) => ops.multiply(rdx, rdy, mask, n),
  };
}
