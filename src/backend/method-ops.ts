// Operations that methods of distillation need beside layers, losses and updates: some images of many, augmentations, and what
// methods compare. The rules of ops.ts hold.
import type { Buffer, OptionalBuffer } from "./buffer.ts";
import type {
  AdamAdjointOptions,
  ArcCosine,
  GatherShape,
  ImagesShape,
  KernelShape,
  LossShape,
  Resize2dShape,
  RidgeShape,
} from "./shapes.ts";

export interface MethodOps {
  /**
   * out[k, i] = x[k, columns[i]]: some images of x. columns [images] are whole numbers stored as floats. 0 where x has no such
   * column, and in padding lanes. x [features, sourceLanes], out [features, lanes].
   */
  gatherImages(out: Buffer, x: Buffer, columns: Buffer, shape: GatherShape): void;
  /**
   * out[k, columns[i]] += x[k, i] where out has such a column: the adjoint of `gatherImages`. No two columns are the same.
   * x [features, lanes], out [features, sourceLanes].
   */
  scatterImages(out: Buffer, x: Buffer, columns: Buffer, shape: GatherShape): void;
  /**
   * y = each image resampled where an affine map of its own says, bilinearly, with zeros around it: torch's grid_sample with
   * align_corners=False. x and y [c, h, w, B]. matrices [6, B] = a, b, s, d, e, t of each lane, in pixels about the centre of the
   * image: y at row v and column u is x at row d·u + e·v + t and column a·u + b·v + s. So whole shifts and mirror images are
   * exact copies.
   */
  warp2dForward(y: Buffer, x: Buffer, matrices: Buffer, shape: ImagesShape): void;
  /** dx = the adjoint of warp2dForward in x */
  warp2dBackward(dx: Buffer, dy: Buffer, matrices: Buffer, shape: ImagesShape): void;
  /**
   * y = x resampled to another size, bilinearly: torch's interpolate with align_corners=False. Row i of y lies at row
   * max(0, (i + ½)·h/oh − ½) of x, and columns likewise. x [c, h, w, B], y [c, oh, ow, B].
   */
  resize2dForward(y: Buffer, x: Buffer, shape: Resize2dShape): void;
  /** dx = the adjoint of resize2dForward */
  resize2dBackward(dx: Buffer, dy: Buffer, shape: Resize2dShape): void;
  /**
   * y = p·x + q·⟨x⟩_c + r·⟨x⟩ (+ b where `shifts`), with ⟨x⟩_c the mean over the channels at each place and ⟨x⟩ that over the whole
   * image. factors [4, B] = p, q, r, b of each lane. Without the shift it is its own adjoint. y may be x.
   */
  recolor(y: Buffer, x: Buffer, factors: Buffer, shape: ImagesShape, shifts: boolean): void;
  /**
   * y = 0 inside a box of each image, x outside. boxes [4, B] = first row, row behind the last, first column, column behind the
   * last. It is its own adjoint. y may be x.
   */
  cutout(y: Buffer, x: Buffer, boxes: Buffer, shape: ImagesShape): void;
  /**
   * How little decided labels y [classes, lanes] are: losses[image] = −min(a − b, cap), with a the largest entry of the
   * image's label and b the second, [lanes], padding zero; dy, the gradient of their mean, is −1/n at a and 1/n at b where
   * a − b < cap, and 0 elsewhere. Of equal entries the first counts as larger. At least two classes.
   */
  labelMargin(losses: Buffer, dy: Buffer, y: Buffer, cap: number, shape: LossShape): void;
  /**
   * How the rows of two gradients differ in direction: losses[r] = 1 − a·b/q, q = ‖a‖·‖b‖ + 1e-6, with a row r of x and b that of y;
   * dx, the gradient of their sum by x, is −b/q + (a·b)·‖b‖/(q²·‖a‖)·a, and −b/q where a is 0. x, y and dx [rows, length]; dx may be x.
   */
  cosineDistance(losses: Buffer, dx: Buffer, x: Buffer, y: Buffer, rows: number, length: number): void;
  /**
   * The Cholesky factor of A = FᵀF + ridge·tr(FᵀF)/n·I, in float64: A is hardly positive definite. features [features, lanes]
   * has the n images as columns; factor [4·n(n + 1)/2] holds numbers of at least 52 bits in a form of the backend's own.
   */
  ridgeFactor(factor: Buffer, features: Buffer, ridge: number, shape: RidgeShape): void;
  /**
   * Each row of out = the row of b times A⁻¹, in float64, with the factor that `ridgeFactor` left. b and out [rows, lanes], zero in
   * padding lanes; out may be b. NaN where A was not positive definite. workspace [4·rows·n]
   */
  ridgeSolve(
    out: Buffer,
    workspace: Buffer,
    factor: Buffer,
    b: Buffer,
    rows: number,
    shape: Omit<RidgeShape, "features">,
  ): void;
  /**
   * The kernel of an infinitely wide ReLU network (docs/math.md §12) between the images of x [features, lanes] and those of y
   * [features, yLanes]: k[i, j] = κ(s, a, b) with s = 2·x_i·y_j/features + 0.01, a and b the same of x_i and of y_j with themselves; and,
   * unless none, ds = ∂κ/∂s and da = ∂κ/∂a. All three are [lanes, yLanes], zero in padding. Computed in float64 and rounded once. Where
   * two images point the same way to about 1e-6, the term of ds and da that grows without bound is left out; so what remains for
   * an image with itself is the derivative along both.
   */
  arcCosineKernel(k: Buffer, ds: OptionalBuffer, da: OptionalBuffer, x: Buffer, y: Buffer, shape: KernelShape): void;
  /**
   * The Cholesky factor of A = K + ridge·tr(K)/n·I with K that kernel between the n images of x [features, lanes], in float64. For
   * `ridgeSolve`, as what `ridgeFactor` leaves.
   */
  arcCosineFactor(factor: Buffer, x: Buffer, ridge: number, shape: RidgeShape & ArcCosine): void;
  /** out[r, i] = Σ_t a[r, t]·b[t, i], added in float64 in order of t and rounded once. a [rows, length], b [length, lanes]. */
  wideProduct(out: Buffer, a: Buffer, b: Buffer, rows: number, length: number, lanes: number): void;
  /**
   * The way back through a step θ' = θ − rate[0]·u, where `adamDirection` made u, m' and s' from g, m and s, without weight
   * decay. p = ∂L/∂θ'; dm and ds hold ∂L/∂m' and ∂L/∂s' as later steps give them, and become ∂L/∂m and ∂L/∂s; q = ∂L/∂g.
   * With r = √(s' / (1 − β₂ᵗ)), d = r + eps and u = m' / (1 − β₁ᵗ) / d, which is written unless u is none:
   *   a = dm − rate·p / ((1 − β₁ᵗ)·d)      b = ds + rate·p·u / (2·(1 − β₂ᵗ)·r·d), without the second term where r = 0
   *   q = (1 − β₁)·a + 2·(1 − β₂)·g·b      dm = β₁·a      ds = β₂·b
   */
  adamAdjoint(
    q: Buffer,
    u: OptionalBuffer,
    dm: Buffer,
    ds: Buffer,
    p: Buffer,
    m: Buffer,
    s: Buffer,
    g: Buffer,
    rate: Buffer,
    n: number,
    options: AdamAdjointOptions,
  ): void;
}
