// What a GPU is held to against the float64 reference: the one table of it, of which docs/webgpu.md has a row for each. The op
// tests hold it to what they hold the kernels to as well, where that is less.
import type { Ops } from "../../src/backend/ops.ts";

/** Moves and comparisons: nothing is rounded. */
const exact = 0;
/** One or two products or sums, each the nearest float, or fused: some ten roundings of 2⁻²⁴. */
const few = 1e-6;
/**
 * Sums of many terms, in any order; quotients, to 2.5 units in the last place; square roots, to about 5; and elementary functions
 * made of these: about 100 roundings of 2⁻²⁴, far below any wrong index.
 */
const rounded = 1e-5;

/** The bound on the scaled residual of each op. */
export const opTolerances: Readonly<Record<keyof Ops, number>> = {
  fill: exact,
  copy: exact,
  scale: few,
  axpy: few,
  axpyBy: few,
  scaleBy: few,
  multiply: few,
  dot: rounded,
  sum: rounded,
  packImages: exact,
  unpackImages: exact,
  embed2d: exact,
  conv2dForward: rounded,
  conv2dBackwardData: rounded,
  conv2dBackwardWeights: rounded,
  linearForward: rounded,
  linearBackwardData: rounded,
  linearBackwardWeights: rounded,
  sumRows: rounded,
  reluForward: exact,
  reluMask: exact,
  leakyRelu: few,
  activationForward: rounded,
  activationBackward: rounded,
  activationBackwardR: rounded,
  maxPool2dForward: exact,
  maxPool2dGather: exact,
  maxPool2dScatter: rounded,
  avgPool2dForward: rounded,
  avgPool2dBackward: rounded,
  adaptiveAvgPool2dForward: rounded,
  adaptiveAvgPool2dBackward: rounded,
  normForward: rounded,
  normBackward: rounded,
  normForwardR: rounded,
  normBackwardR: rounded,
  localResponseNormForward: rounded,
  localResponseNormBackward: rounded,
  localResponseNormForwardR: rounded,
  localResponseNormBackwardR: rounded,
  oneHot: exact,
  crossEntropy: rounded,
  crossEntropyR: rounded,
  squaredError: rounded,
  squaredErrorR: rounded,
  guard: rounded,
  adam: rounded,
  sgd: few,
  adamDirection: rounded,
  lambStep: rounded,
  uniform: few,
  normal: rounded,
  dropoutMask: few,
};

export const networkTolerances = {
  derivatives: 1e-4,
} as const;
