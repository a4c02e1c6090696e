// The operations of a backend: the contract of each, with its formula and the shapes of its operands.
import type { RandomKey } from "../numeric/philox.ts";
import type { Buffer, OptionalBuffer } from "./buffer.ts";
import type { OptionalFrequencyOps } from "./frequency-ops.ts";
import type { MethodOps } from "./method-ops.ts";
import type { OptionalNormPoolOps } from "./norm-pool-ops.ts";
import type {
  Activation,
  AdamDirectionOptions,
  AdamOptions,
  AdaptivePool2dShape,
  AvgPool2dShape,
  Conv2dBackwardDataShape,
  Conv2dShape,
  Embed2dShape,
  LinearShape,
  LocalResponseNormShape,
  LossShape,
  NormBackwardPrimal,
  NormBackwardTangent,
  NormShape,
  Pool2dShape,
  SgdOptions,
} from "./shapes.ts";

/**
 * The operations every backend has. Outputs come first, then inputs, then parameters and sizes. `accumulate` adds to
 * the output instead of overwriting it. Outputs do not overlap inputs unless said otherwise. Each result is a fixed
 * function of its inputs, whatever the number of threads. Sizes are at least 1; activations begin at a multiple of 16
 * floats, parameters and vectors anywhere.
 */
export interface Ops extends MethodOps, OptionalFrequencyOps, OptionalNormPoolOps {
  /** out[i] = value */
  fill(out: Buffer, value: number, n: number): void;
  /** out[i] = x[i] */
  copy(out: Buffer, x: Buffer, n: number): void;
  /** out[i] = alpha·x[i]; out may be x */
  scale(out: Buffer, alpha: number, x: Buffer, n: number): void;
  /** out[i] = y[i] + alpha·x[i]; out may be y or x */
  axpy(out: Buffer, y: Buffer, alpha: number, x: Buffer, n: number): void;
  /** out[i] = y[i] + (sign·alpha[0])·x[i], the factor rounded first; out may be y or x */
  axpyBy(out: Buffer, y: Buffer, sign: number, alpha: Buffer, x: Buffer, n: number): void;
  /** out[i] = (sign·alpha[0])·x[i], the factor rounded first; out may be x */
  scaleBy(out: Buffer, sign: number, alpha: Buffer, x: Buffer, n: number): void;
  /** out[i] = x[i]·y[i]; out may be x or y */
  multiply(out: Buffer, x: Buffer, y: Buffer, n: number): void;
  /** out[0] = Σ x[i]·y[i] */
  dot(out: Buffer, x: Buffer, y: Buffer, n: number): void;
  /** out[0] (+)= Σ x[i], added in float64 in order of i and rounded once. On one thread: for n up to some thousands. */
  sum(out: Buffer, x: Buffer, n: number, accumulate: boolean): void;

  /** images [images, features] (row by row, as users hold them) → out [features, lanes], padding lanes zero */
  packImages(out: Buffer, images: Buffer, shape: { features: number; images: number; lanes: number }): void;
  /** x [features, lanes] → out [images, features] */
  unpackImages(out: Buffer, x: Buffer, shape: { features: number; images: number; lanes: number }): void;
  /** out[c, top + i·spread, left + j·spread] = x[c, i, j] where that lies inside the frame; 0 elsewhere */
  embed2d(out: Buffer, x: Buffer, shape: Embed2dShape): void;

  /**
   * y (+)= w ⋆ x + bias. x [c, h, w, B], w [oc, c, kh, kw], bias [oc] or none, y [oc, oh, ow, B]. Here and in the two
   * backward passes the workspace has as many floats as `Planner.conv2d` says; with it a backend may need fewer products.
   */
  conv2dForward(
    y: Buffer,
    x: Buffer,
    w: Buffer,
    bias: OptionalBuffer,
    shape: Conv2dShape,
    accumulate: boolean,
    workspace?: OptionalBuffer,
  ): void;
  /**
   * dx (+)= the adjoint of a stride-1 convolution in its unpadded input:
   * dx[c, i, j] (+)= Σ_{o, ky, kx} w[o, c, ky, kx] · dy[o, i + padding − ky, j + padding − kx] over what lies inside dy.
   * dy [oc, oh, ow, B], dx [c, h, w, B], w [oc, c, kh, kw]. For a larger stride `embed2d` spreads dy first.
   */
  conv2dBackwardData(
    dx: Buffer,
    dy: Buffer,
    w: Buffer,
    shape: Conv2dBackwardDataShape,
    accumulate: boolean,
    workspace?: OptionalBuffer,
  ): void;
  /** dw (+)= the adjoint of conv2dForward in w. dw [oc, c, kh, kw] */
  conv2dBackwardWeights(
    dw: Buffer,
    dy: Buffer,
    x: Buffer,
    shape: Conv2dShape,
    accumulate: boolean,
    workspace?: OptionalBuffer,
  ): void;

  /** y (+)= w·x + bias. x [in, B], w [out, in], bias [out] or none, y [out, B] */
  linearForward(y: Buffer, x: Buffer, w: Buffer, bias: OptionalBuffer, shape: LinearShape, accumulate: boolean): void;
  /** dx (+)= wᵀ·dy */
  linearBackwardData(dx: Buffer, dy: Buffer, w: Buffer, shape: LinearShape, accumulate: boolean): void;
  /** dw (+)= dy·xᵀ */
  linearBackwardWeights(dw: Buffer, dy: Buffer, x: Buffer, shape: LinearShape, accumulate: boolean): void;

  /** out[r] (+)= Σ_i x[r, i]: the bias gradient of a convolution or linear layer. x [rows, length] */
  sumRows(out: Buffer, x: Buffer, rows: number, length: number, accumulate: boolean): void;

  /** y = max(x, 0); y may be x */
  reluForward(y: Buffer, x: Buffer, n: number): void;
  /** out = v where y > 0, else 0; out may be v. The one rule of ReLU's other three passes. */
  reluMask(out: Buffer, y: Buffer, v: Buffer, n: number): void;
  /** out = v where s > 0, else slope·v; out may be v or s. The one rule of leaky ReLU: s = x forward, then s = y. */
  leakyRelu(out: Buffer, s: Buffer, v: Buffer, n: number, slope: number): void;

  /** y = tanh x, 1 / (1 + e^−x), or ln(1 + eˣ) without overflow; y may be x */
  activationForward(y: Buffer, x: Buffer, n: number, f: Activation): void;
  /** dx = f′·dy, and so ry = f′·rx; dx may be dy */
  activationBackward(dx: Buffer, p: Buffer, dy: Buffer, n: number, f: Activation): void;
  /** rdx = f′·rdy + (df′/dp)·rp·dy, with rp the tangent of p; rdx may be rdy */
  activationBackwardR(rdx: Buffer, p: Buffer, rp: Buffer, dy: Buffer, rdy: Buffer, n: number, f: Activation): void;

  /**
   * y = the largest of each window; index = its position ky·kw + kx in the window, the first one if several are
   * equal (PyTorch). Padding never wins. x [c, h, w, B], y and index [c, oh, ow, B].
   */
  maxPool2dForward(y: Buffer, index: Buffer, x: Buffer, shape: Pool2dShape): void;
  /** ry = rx at the winners: the tangent of the forward pass */
  maxPool2dGather(ry: Buffer, index: Buffer, rx: Buffer, shape: Pool2dShape): void;
  /** dx = dy added at the winners, 0 elsewhere: backward and tangent backward */
  maxPool2dScatter(dx: Buffer, index: Buffer, dy: Buffer, shape: Pool2dShape): void;

  /** y = the sum of each window over kh·kw, so padding counts. x [c, h, w, B], y [c, oh, ow, B] */
  avgPool2dForward(y: Buffer, x: Buffer, shape: AvgPool2dShape): void;
  /** dx = the adjoint: dy / (kh·kw) added over each window, 0 elsewhere */
  avgPool2dBackward(dx: Buffer, dy: Buffer, shape: AvgPool2dShape): void;
  /** y = the mean of each bin */
  adaptiveAvgPool2dForward(y: Buffer, x: Buffer, shape: AdaptivePool2dShape): void;
  /** dx = the adjoint: dy over the size of its bin, added over each bin */
  adaptiveAvgPool2dBackward(dx: Buffer, dy: Buffer, shape: AdaptivePool2dShape): void;

  /**
   * y = γ·x̂ + β, x̂ = s·(x − m), with m the mean and s = 1/√(variance + eps) of the float's set, variance the mean of
   * (x − m)². x and y [channels, area, B]; weight γ and bias β [channels], none for 1 and 0; statistics [2·groups, B] =
   * m and then s of each lane's set. s is 0 in padding lanes, so that nothing there counts in later passes.
   */
  normForward(
    y: Buffer,
    statistics: Buffer,
    x: Buffer,
    weight: OptionalBuffer,
    bias: OptionalBuffer,
    eps: number,
    shape: NormShape,
  ): void;
  /**
   * dx = s·(g − ⟨g⟩ − x̂·⟨g·x̂⟩) unless none, g = γ·dy, ⟨·⟩ the mean over the set.
   * sums [2·channels + 2·groups, B] = Σ dy·x̂ and then Σ dy over the positions of each channel and lane, whose sums over
   * lanes are dγ and dβ; then ⟨g·x̂⟩ and then ⟨g⟩ of each lane's set.
   */
  normBackward(
    dx: OptionalBuffer,
    sums: Buffer,
    dy: Buffer,
    x: Buffer,
    statistics: Buffer,
    weight: OptionalBuffer,
    shape: NormShape,
  ): void;
  /**
   * ry = γ·rx̂ + rγ·x̂ + rβ, rx̂ = s·(rx − ⟨rx⟩ − x̂·⟨x̂·rx⟩); rx, rWeight and rBias may be none: zero.
   * rStatistics [2·groups, B] = ⟨rx⟩ and then ⟨x̂·rx⟩ of each lane's set; none where rx is.
   */
  normForwardR(
    ry: Buffer,
    rStatistics: OptionalBuffer,
    rx: OptionalBuffer,
    x: Buffer,
    statistics: Buffer,
    weight: OptionalBuffer,
    rWeight: OptionalBuffer,
    rBias: OptionalBuffer,
    shape: NormShape,
  ): void;
  /** rdx, unless none, and rSums: the tangents of what `normBackward` gives, which `primal` holds, along `tangent`. */
  normBackwardR(
    rdx: OptionalBuffer,
    rSums: Buffer,
    tangent: NormBackwardTangent,
    primal: NormBackwardPrimal,
    shape: NormShape,
  ): void;

  /**
   * y = x·s^−β, s = k + alpha/size·Σ x² over the channels that count for each and exist. x, y and s [channels, area, B].
   */
  localResponseNormForward(y: Buffer, s: Buffer, x: Buffer, shape: LocalResponseNormShape): void;
  /** dx = dy·s^−β − 2·alpha·β/size·x·Σ u, u = dy·x·s^(−β−1), over those that x counts for. workspace: as x */
  localResponseNormBackward(
    dx: Buffer,
    workspace: Buffer,
    dy: Buffer,
    x: Buffer,
    s: Buffer,
    shape: LocalResponseNormShape,
  ): void;
  /** rs = 2·alpha/size·Σ x·rx; ry = rx·s^−β − β·x·s^(−β−1)·rs */
  localResponseNormForwardR(
    ry: Buffer,
    rs: Buffer,
    rx: Buffer,
    x: Buffer,
    s: Buffer,
    shape: LocalResponseNormShape,
  ): void;
  /** rdx, the tangent of dx (docs/math.md §2). workspace: twice x */
  localResponseNormBackwardR(
    rdx: Buffer,
    workspace: Buffer,
    rdy: Buffer,
    dy: Buffer,
    rx: Buffer,
    x: Buffer,
    s: Buffer,
    rs: Buffer,
    shape: LocalResponseNormShape,
  ): void;

  /** out [classes, lanes] = the one-hot columns of `labels` (whole numbers stored as floats, [images]) */
  oneHot(out: Buffer, labels: Buffer, shape: LossShape): void;
  /**
   * Mean softmax cross-entropy of logits z against targets y (both [classes, lanes]), ℓ = −(1/n) Σ y·log p.
   * losses[image] = that image's share before the mean, [lanes], padding zero;
   * p = softmax(z); dz = (S·p − y)/n with S = Σ_k y_k; dy = −log(p)/n unless none. dz and dy are zero in padding.
   */
  crossEntropy(losses: Buffer, p: Buffer, dz: Buffer, dy: OptionalBuffer, z: Buffer, y: Buffer, shape: LossShape): void;
  /** rdz = S·p⊙(rz − Σ p·rz)/n; rdy = −(rz − Σ p·rz)/n unless none (docs/math.md §2) */
  crossEntropyR(rdz: Buffer, rdy: OptionalBuffer, p: Buffer, y: Buffer, rz: Buffer, shape: LossShape): void;
  /**
   * Mean squared error of z against y (both [classes, lanes]), ℓ = Σ ‖z − y‖² / 2n. losses[image] = that image's
   * ‖z − y‖² / 2, [lanes], padding zero; dz = (z − y)/n; dy = −dz unless none. dz and dy are zero in padding.
   */
  squaredError(losses: Buffer, dz: Buffer, dy: OptionalBuffer, z: Buffer, y: Buffer, shape: LossShape): void;
  /** rdz = rz/n; rdy = −rdz unless none; both zero in padding */
  squaredErrorR(rdz: Buffer, rdy: OptionalBuffer, rz: Buffer, shape: LossShape): void;

  /**
   * Says whether an update may happen, and what its gradient is multiplied by. out[0] = 0 where loss[0] or one of squares
   * [count], the squared norms of the parts of the gradient, is not finite. Else, without a clip (clip = 0), it is 1; with
   * one (clip > 0) it is f, above 0 and at most 1: n = √Σ squares, m the mean, or n where that is 0,
   * f = min(1, clip·m/n), and the mean becomes 0.9·m + 0.1·n·f (Feng, Vedantam, Kempe, *Embarrassingly Simple Dataset
   * Distillation*, 2024; docs/math.md §1). All is computed in float64, sums in order. mean [3], zeros before the first
   * gradient, holds a float64 as the sum of three floats; it stays as it is where out[0] is 0, and may be none without a
   * clip.
   */
  guard(out: Buffer, mean: OptionalBuffer, squares: Buffer, count: number, loss: Buffer, clip: number): void;
  /**
   * PyTorch's Adam without weight decay: updates x, m and v from the gradient g. Here and in the other updates nothing is
   * written where guard[0] is 0, whatever the gradient holds.
   */
  adam(x: Buffer, m: Buffer, v: Buffer, g: Buffer, n: number, options: AdamOptions, guard?: OptionalBuffer): void;
  /** v ← momentum·v + g, x ← x − learningRate·v. Where momentum is 0, v may be none, and is neither read nor written. */
  sgd(x: Buffer, v: OptionalBuffer, g: Buffer, n: number, options: SgdOptions, guard?: OptionalBuffer): void;
  /**
   * u = m̂ / (√v̂ + eps) + weightDecay·x, the direction of AdamW and LAMB: updates m and v as `adam` does, from the gradient
   * g; m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ). u may be g.
   */
  adamDirection(
    u: Buffer,
    m: Buffer,
    v: Buffer,
    g: Buffer,
    x: Buffer,
    n: number,
    options: AdamDirectionOptions,
    guard?: OptionalBuffer,
  ): void;
  /** x ← x − learningRate·trust·u. squares [2] = ‖x‖² and ‖u‖²; trust = ‖x‖/‖u‖, or 1 where either is 0. */
  lambStep(x: Buffer, u: Buffer, squares: Buffer, n: number, learningRate: number, guard?: OptionalBuffer): void;

  /** out[i] = low + (high − low)·u, u = (draw i >>> 8) / 2²⁴ */
  uniform(out: Buffer, n: number, key: RandomKey, low: number, high: number): void;
  /**
   * out[i] ~ N(mean, std²), by Box–Muller on pairs of draws (a, b): r = √(−2 ln u), u = ((a >>> 8) + 1) / 2²⁴,
   * φ = 2π (b >>> 8) / 2²⁴; out[2k] = mean + std·r·cos φ, out[2k+1] = mean + std·r·sin φ
   */
  normal(out: Buffer, n: number, key: RandomKey, mean: number, std: number): void;
  /** out[i] = 0 where (draw i >>> 8) / 2²⁴ < p, else 1 / (1 − p), for 0 ≤ p < 1: what dropout multiplies with */
  dropoutMask(out: Buffer, n: number, key: RandomKey, p: number): void;
}
