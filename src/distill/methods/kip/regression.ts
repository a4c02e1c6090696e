// Kernel ridge regression with the kernel κ of an infinitely wide network, its loss on real images, and the gradients with respect to
// the images and labels that it was fitted to, in closed form (Nguyen, Chen, Lee, ICLR 2021, equation 7; docs/math.md §12 derives them):
//
//   A = K + λ·tr(K)/n·I      Z = Y·A⁻¹      ℓ as inner/kernel-batch.ts has it      V = ∂ℓ/∂Y = (∂ℓ/∂Z)·A⁻¹
//   ∂ℓ/∂A = −½·(Vᵀ·Z + Zᵀ·V)
//
// K = κ(X, X). Images are columns: X [D, n], Y, Z and V [K, n].

import type { Backend } from "../../../backend/backend.ts";
import { type Buffer, none } from "../../../backend/buffer.ts";
import { type ArcCosine, ridgeFloats } from "../../../backend/shapes.ts";
import type { Allocators } from "../../../inner/allocators.ts";
import type { KernelGradients, KernelSizes } from "../../../inner/kernel-batch.ts";
import type { Parts } from "../../../platform/parts.ts";
import { diagonalOf } from "./kernel.ts";

/** Records the loss of Z [K, lanes] on real images into a float, and what its gradients are made of. */
export type SolutionLoss = (solution: Buffer, gradients: KernelGradients, loss: Buffer) => Parts;

export class KernelRegression {
  /** ∂ℓ/∂X [D, lanes] and ∂ℓ/∂Y [K, lanes], zero in padding lanes. */
  readonly dImages: Buffer;
  readonly dLabels: Buffer;
  readonly #backend: Backend;
  readonly #sizes: KernelSizes;
  readonly #kernel: ArcCosine;
  readonly #ridge: number;
  readonly #factor: Buffer;
  readonly #workspace: Buffer;
  readonly #solution: Buffer;
  readonly #dSolution: Buffer;
  /** κ and then −2·∂ℓ/∂A; and the derivatives of κ by s and by a, [lanes, lanes]. */
  readonly #gram: Buffer;
  readonly #ds: Buffer;
  readonly #da: Buffer;
  /** The gradient by Σ(x_i, x_i), [lanes], the same for each pixel, [D, lanes], ones [D], and the float ⟨V, Z⟩. */
  readonly #dNorms: Buffer;
  readonly #spread: Buffer;
  readonly #ones: Buffer;
  readonly #product: Buffer;

  constructor(
    sizes: KernelSizes,
    kernel: ArcCosine,
    ridge: number,
    backend: Backend,
    { gradients, scratch }: Pick<Allocators, "gradients" | "scratch">,
  ) {
    const { features, classes, images, lanes } = sizes;
    const floats = ridgeFloats(images, backend.plan);
    this.#backend = backend;
    this.#sizes = sizes;
    this.#kernel = kernel;
    this.#ridge = ridge;
    this.dImages = gradients.allocate(features * lanes);
    this.dLabels = gradients.allocate(classes * lanes);
    this.#factor = scratch.allocate(floats.factor);
    this.#workspace = scratch.allocate(classes * floats.row);
    this.#solution = scratch.allocate(classes * lanes);
    this.#dSolution = scratch.allocate(classes * lanes);
    this.#gram = scratch.allocate(lanes * lanes);
    this.#ds = scratch.allocate(lanes * lanes);
    this.#da = scratch.allocate(lanes * lanes);
    this.#dNorms = scratch.allocate(lanes);
    this.#spread = scratch.allocate(features * lanes);
    this.#ones = scratch.allocate(features);
    this.#product = scratch.allocate(1);
  }

  /** Records the loss of the regression on `images` and `labels`, and its gradients, in parts. */
  *record(images: Buffer, labels: Buffer, solutionLoss: SolutionLoss, loss: Buffer): Parts {
    const { ops } = this.#backend;
    const { classes } = this.#sizes;
    ops.arcCosineFactor(this.#factor, images, this.#ridge, { ...this.#sizes, ...this.#kernel });
    yield;
    ops.ridgeSolve(this.#solution, this.#workspace, this.#factor, labels, classes, this.#sizes);
    const gradients = { dSolution: this.#dSolution, dPixels: this.dImages, dNorms: this.#dNorms };
    yield* solutionLoss(this.#solution, gradients, loss);
    ops.ridgeSolve(this.dLabels, this.#workspace, this.#factor, this.#dSolution, classes, this.#sizes);
    this.#throughMatrix(images);
    this.#finish(images);
    yield;
  }

  /** Adds what comes through A: Σ_j x_j·(∂ℓ/∂s_ij + ∂ℓ/∂s_ji), and ∂ℓ/∂Σ(x_i, x_i) of pairs of different images. */
  #throughMatrix(x: Buffer): void {
    const { ops } = this.#backend;
    const { features, classes, images, lanes } = this.#sizes;
    const pairs = { features, images, lanes, yImages: images, yLanes: lanes, ...this.#kernel };
    ops.arcCosineKernel(this.#gram, this.#ds, this.#da, x, x, pairs);
    const product = { inFeatures: lanes, outFeatures: classes, lanes };
    ops.linearBackwardData(this.#gram, this.#solution, this.dLabels, product, false);
    ops.linearBackwardData(this.#gram, this.dLabels, this.#solution, product, true);
    // A pair is there twice, as (i, j) and as (j, i), with one gradient: twice ∂ℓ/∂A.
    ops.scale(this.#gram, -1, this.#gram, lanes * lanes);
    ops.multiply(this.#ds, this.#ds, this.#gram, lanes * lanes);
    ops.multiply(this.#da, this.#da, this.#gram, lanes * lanes);
    const pixels = { inFeatures: lanes, outFeatures: features, lanes };
    ops.linearBackwardWeights(this.dImages, x, this.#ds, pixels, true);
    ops.sumRows(this.#dNorms, this.#da, lanes, lanes, true);
    // λ·tr(K)/n has the gradient tr(∂ℓ/∂A) = −⟨V, Z⟩.
    ops.dot(this.#product, this.dLabels, this.#solution, classes * lanes);
    const share = (-2 * this.#ridge * diagonalOf(this.#kernel).slope) / images;
    ops.scaleBy(this.#spread, share, this.#product, x, features * lanes);
    ops.axpy(this.dImages, this.dImages, 1, this.#spread, features * lanes);
  }

  /** Adds 2·x_i·∂ℓ/∂Σ(x_i, x_i), and multiplies all by the 2/D of Σ. */
  #finish(x: Buffer): void {
    const { ops } = this.#backend;
    const { features, lanes } = this.#sizes;
    const floats = features * lanes;
    ops.fill(this.#ones, 1, features);
    const outer = { inFeatures: 1, outFeatures: features, lanes };
    ops.linearForward(this.#spread, this.#dNorms, this.#ones, none, outer, false);
    ops.multiply(this.#spread, this.#spread, x, floats);
    ops.axpy(this.dImages, this.dImages, 2, this.#spread, floats);
    ops.scale(this.dImages, 2 / features, this.dImages, floats);
  }
}
