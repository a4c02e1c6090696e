// Kernel ridge regression on the features of a network, its loss on real images, and the gradients with respect to the features
// and labels that it was fitted to, in closed form (Zhou, Nezhadarya, Ba 2022, equation 4; docs/math.md §9 derives them):
//
//   A = FᵀF + λ·tr(FᵀF)/n·I      Z = Y·A⁻¹      H = Z·Fᵀ      ℓ = (1/B) Σ_b ½‖H·φ(x_b) − t_b‖²      U = ∂ℓ/∂H
//   ∂ℓ/∂Y = V = (U·F)·A⁻¹
//   ∂ℓ/∂F = Uᵀ·Z − (V·Fᵀ)ᵀ·Z − Hᵀ·V − (2λ/n)·⟨V, Z⟩·F
//
// Images are columns: F [D, n], Y, Z and V [K, n], H and U [K, D].

import type { Backend } from "../../../backend/backend.ts";
import { type Buffer, none } from "../../../backend/buffer.ts";
import { ridgeFloats } from "../../../backend/shapes.ts";
import type { Allocators } from "../../../inner/allocators.ts";
import type { Parts } from "../../../platform/parts.ts";

/** D, K, n and the lanes of n. */
export interface RegressionSizes {
  readonly features: number;
  readonly classes: number;
  readonly images: number;
  readonly lanes: number;
}

/** Records the loss of a head [K, D] on real images into a float, and its gradient into dHead. */
export type HeadLoss = (head: Buffer, dHead: Buffer, loss: Buffer) => Parts;

export class Regression {
  /** ∂ℓ/∂Y, [K, lanes], zero in padding lanes. */
  readonly dLabels: Buffer;
  readonly #backend: Backend;
  readonly #sizes: RegressionSizes;
  readonly #ridge: number;
  /** F as rows [n, D], and as columns that are zero in padding lanes. */
  readonly #rows: Buffer;
  readonly #features: Buffer;
  readonly #factor: Buffer;
  readonly #workspace: Buffer;
  readonly #solution: Buffer;
  readonly #head: Buffer;
  readonly #dHead: Buffer;
  /** V·Fᵀ, and the float ⟨V, Z⟩. */
  readonly #curvature: Buffer;
  readonly #product: Buffer;

  constructor(
    sizes: RegressionSizes,
    ridge: number,
    backend: Backend,
    { gradients, scratch }: Pick<Allocators, "gradients" | "scratch">,
  ) {
    const { features, classes, images, lanes } = sizes;
    const floats = ridgeFloats(images, backend.plan);
    this.#backend = backend;
    this.#sizes = sizes;
    this.#ridge = ridge;
    this.#rows = scratch.allocate(images * features);
    this.#features = scratch.allocate(features * lanes);
    this.#factor = scratch.allocate(floats.factor);
    this.#workspace = scratch.allocate(classes * floats.row);
    this.#solution = scratch.allocate(classes * lanes);
    this.#head = scratch.allocate(classes * features);
    this.#dHead = scratch.allocate(classes * features);
    this.#curvature = scratch.allocate(classes * features);
    this.#product = scratch.allocate(1);
    this.dLabels = gradients.allocate(classes * lanes);
  }

  /** Records the loss of the regression on `features` and `labels`, ∂ℓ/∂F into dFeatures, and ∂ℓ/∂Y, in parts. */
  *record(features: Buffer, labels: Buffer, headLoss: HeadLoss, dFeatures: Buffer, loss: Buffer): Parts {
    const { ops } = this.#backend;
    const { features: depth, classes, images, lanes } = this.#sizes;
    const packing = { features: depth, images, lanes };
    const shape = { inFeatures: depth, outFeatures: classes, lanes };
    // Of images that are not there, features need not be 0.
    ops.unpackImages(this.#rows, features, packing);
    ops.packImages(this.#features, this.#rows, packing);
    ops.ridgeFactor(this.#factor, this.#features, this.#ridge, packing);
    yield;
    ops.ridgeSolve(this.#solution, this.#workspace, this.#factor, labels, classes, packing);
    ops.linearBackwardWeights(this.#head, this.#solution, this.#features, shape, false);
    yield* headLoss(this.#head, this.#dHead, loss);
    ops.linearForward(this.dLabels, this.#features, this.#dHead, none, shape, false);
    ops.ridgeSolve(this.dLabels, this.#workspace, this.#factor, this.dLabels, classes, packing);
    ops.dot(this.#product, this.dLabels, this.#solution, classes * lanes);
    ops.scaleBy(dFeatures, (-2 * this.#ridge) / images, this.#product, this.#features, depth * lanes);
    ops.linearBackwardWeights(this.#curvature, this.dLabels, this.#features, shape, false);
    ops.axpy(this.#dHead, this.#dHead, -1, this.#curvature, classes * depth);
    ops.linearBackwardData(dFeatures, this.#solution, this.#dHead, shape, true);
    ops.scale(this.#head, -1, this.#head, classes * depth);
    ops.linearBackwardData(dFeatures, this.dLabels, this.#head, shape, true);
    yield;
  }
}
