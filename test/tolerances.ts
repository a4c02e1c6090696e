// What tests hold float32 to against the float64 reference. docs/webgpu.md has a row for each of these, with the largest residual
// that was found on a GPU.
import type { FrequencyOps } from "../src/backend/frequency-ops.ts";
import type { NormPoolOps } from "../src/backend/norm-pool-ops.ts";
import type { Ops } from "../src/backend/ops.ts";

/** Moves and comparisons: nothing is rounded. */
const exact = 0;
/** One or two products or sums, each the nearest float, or fused: some ten roundings of 2⁻²⁴. */
const few = 1e-6;
/**
 * Sums of many terms, in any order; quotients, to 2.5 units in the last place; square roots, to about 5; and elementary functions
 * made of these: about 100 roundings of 2⁻²⁴, far below any wrong index.
 */
const rounded = 1e-5;

/** The ops that leave what is for `ridgeSolve` alone, which is compared after them. */
type FactorOp = "ridgeFactor" | "arcCosineFactor";

export function isFactor(op: keyof Ops): op is FactorOp {
  return op === "ridgeFactor" || op === "arcCosineFactor";
}

/** Every op whose results mean something, and that a GPU has. */
export type ComparedOp = Exclude<keyof Ops, FactorOp | keyof FrequencyOps | keyof NormPoolOps>;

/** The bound on the scaled residual of each op on a GPU. Cases that ask for less, such as sums of whole numbers, get it there too. */
export const opTolerances: Readonly<Record<ComparedOp, number>> = {
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
  gatherImages: exact,
  scatterImages: few,
  warp2dForward: rounded,
  warp2dBackward: rounded,
  recolor: rounded,
  cutout: exact,
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
  resize2dForward: rounded,
  resize2dBackward: rounded,
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
  labelMargin: few,
  cosineDistance: rounded,
  ridgeSolve: rounded,
  arcCosineKernel: rounded,
  wideProduct: few,
  guard: rounded,
  adam: rounded,
  sgd: few,
  adamDirection: rounded,
  adamAdjoint: rounded,
  lambStep: rounded,
  uniform: few,
  normal: rounded,
  dropoutMask: few,
};

/**
 * The bounds on what the engines under test compute with whole networks, the kernels and a GPU alike. Residuals are shares of the
 * largest expected value; of the norm of all of them (LeNet, meta-gradients); or of the size of the terms (symmetry).
 */
export const networkTolerances = {
  /** Norms divide by small numbers, and the gradient of one image may be a hundredth of the terms that cancel in it. */
  derivatives: 1e-4,
  /** Some ten sums deep, and little cancels in a sum of some hundred terms. */
  symmetry: 1e-6,
  norms: 1e-5,
  /** With norms, and up to six inner steps. */
  chains: 1e-4,
  /** 2e-3 is asked for: float32 through 30 steps there and back may cross a kink that float64 does not. Tests keep away from kinks. */
  metaGradient: 1e-5,
  /** Adam divides by the size of gradients; its first step asks for the difference of two terms that nearly cancel. */
  windows: 1e-4,
  lenet: 1e-5,
  /** Adam divides a gradient by its own size, so a small one keeps few of its digits. */
  run: 1e-5,
} as const;

/** What each of these bounds, in the words of docs/webgpu.md. */
export const networkTitles: Readonly<Record<keyof typeof networkTolerances, string>> = {
  derivatives: "gradients and Hessian-vector products of one to seven layers",
  symmetry: "u·Hv against v·Hu, and against float64",
  norms: "networks with one norm, against PyTorch",
  chains: "random chains of layers, with their meta-gradients",
  metaGradient: "meta-gradients of 1 to 30 inner steps",
  windows: "gradients through windows of training by Adam and by SGD",
  lenet: "LeNet's derivatives and meta-gradient, against PyTorch",
  run: "losses, images and learning rates of 20 outer steps",
};
