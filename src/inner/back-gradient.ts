// Back-gradient (Wang et al. 2018; docs/math.md §2): the outer loss differentiated through the whole inner loop.
//
//   λ_T = ∂L/∂θ_T, then for t = T−1 … 0, with one R-pass along λ at θ_t:
//   ∂L/∂η_t = −⟨∇_θ ℓ_t, λ⟩      ∂L/∂x_{t mod S} −= η_t·H_xθ λ      ∂L/∂y_{t mod S} −= η_t·H_yθ λ
//   λ ← λ − η_t·H_θθ λ           and at the end λ = ∂L/∂θ_0.
//
// Weight decay ω makes ∇_θ ℓ_t + ω·θ_t of the gradient and H_θθ + ω·1 of the Hessian. With momentum μ, v has an adjoint
// Q too, 0 at first, and the R-pass runs along q = Q − η_t·λ:
//   ∂L/∂η_t = −⟨v_{t+1}, λ⟩      ∂L/∂x_{t mod S} += H_xθ q      λ ← λ + (H_θθ + ω) q      Q ← μ·q
// where μ = 0 makes q a multiple of λ, and the two forms one.
//
// No graph is built: a step leaves θ_t, its activations and, with momentum, v_t. Not even all of these need to be held
// (segments.ts).
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere, type OptionalBuffer, required } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { Tangent, Wanted } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Parts } from "../platform/parts.ts";
import type { Allocators } from "./allocators.ts";
import type { TrajectoryMemory } from "./segments.ts";
import { type Blocks, type InnerLoop, Unroll } from "./unroll.ts";

/** An outer loss. It records ∂L/∂θ into `gradient`, in parts, and decides itself where L goes. */
export type OuterLoss = (theta: Buffer, gradient: Buffer) => Parts;

export class BackGradient {
  readonly unroll: Unroll;
  readonly blocks: Blocks;
  /** Gradients of the last `run`, laid out as the blocks: [steps][c, h, w, B]. */
  readonly dImages: Buffer;
  /** [steps][classes, B]; none unless wanted. */
  readonly dTargets: OptionalBuffer;
  /** ∂L/∂η [T] */
  readonly dLearningRates: Buffer;
  /** λ: ∂L/∂θ_0 after a run, where that is wanted. */
  readonly lambda: Buffer;
  readonly #ops: Ops;
  /** H_θθ times the direction of the R-pass. */
  readonly #product: Buffer;
  /** Q, and q in its place; none without momentum. */
  readonly #q: OptionalBuffer;
  /** ⟨θ_t, λ⟩, one float; nowhere without weight decay. */
  readonly #decay: Buffer;
  readonly #tangent: Tangent;
  /** H_xθ times the direction of the R-pass. */
  readonly #mixedImages: Buffer;
  readonly #initial: boolean;

  constructor(
    loop: InnerLoop,
    blocks: Blocks,
    backend: Pick<Backend, "ops" | "plan">,
    allocators: Allocators,
    { memory, wanted, initial }: { memory: TrajectoryMemory; wanted: Wanted; initial: boolean },
  ) {
    const count = loop.model.parameterCount;
    const { gradients } = allocators;
    this.#ops = backend.ops;
    this.#initial = initial;
    this.blocks = blocks;
    this.unroll = new Unroll(loop, blocks, backend, allocators, { memory, wanted });
    this.dImages = gradients.allocate(loop.steps * blocks.imageFloats);
    this.dTargets = wanted.targets ? gradients.allocate(loop.steps * blocks.targetFloats) : none;
    this.dLearningRates = gradients.allocate(this.unroll.length);
    this.lambda = gradients.allocate(count);
    const { momentum, weightDecay } = this.unroll.optimizer;
    // Without momentum there is one place for every v, which is done with whenever an R-pass begins.
    this.#product = momentum !== 0 ? gradients.allocate(count) : this.unroll.velocity(1);
    this.#q = momentum !== 0 ? gradients.allocate(count) : none;
    this.#decay = weightDecay !== 0 ? gradients.allocate(1) : nowhere;
    this.#tangent = this.unroll.network.tangent(allocators.scratch, wanted);
    this.#mixedImages = required(this.#tangent.dImages, "the gradients of the images");
  }

  /**
   * Trains from θ_0 in `unroll.theta(0)` with the learning rates `eta` [T], and leaves the gradients of the outer loss in the
   * buffers above. Dropout in the inner steps draws from `random`; without it nothing is dropped. The blocks take turns, or
   * come in `order` [T]. Each inner step is a part, forwards and backwards.
   */
  *run(eta: Buffer, outerLoss: OuterLoss, random?: RandomKey, order?: ArrayLike<number>): Parts {
    const { unroll, blocks } = this;
    const ops = this.#ops;
    const { steps, model } = unroll.loop;
    const q = this.#q;
    yield* unroll.run(eta, random, order);
    yield* outerLoss(unroll.theta(unroll.length), this.lambda);
    ops.fill(this.dImages, 0, steps * blocks.imageFloats);
    if (this.dTargets !== none) ops.fill(this.dTargets, 0, steps * blocks.targetFloats);
    if (q !== none) ops.fill(q, 0, model.parameterCount);
    for (let t = unroll.length - 1; t >= 0; t--) {
      const rate = eta + unroll.rate(t);
      yield* unroll.recall(t, eta);
      if (q !== none) ops.axpyBy(q, q, -1, rate, this.lambda, model.parameterCount);
      // The pass runs along q, or along λ with its products to be scaled by −η_t.
      const add = (sum: Buffer, product: Buffer, n: number): void => {
        if (q !== none) ops.axpy(sum, sum, 1, product, n);
        else ops.axpyBy(sum, sum, -1, rate, product, n);
      };
      // After the sweep's last step, λ is needed only if ∂L/∂θ_0 is wanted.
      const last = t === 0 && !this.#initial;
      yield* this.#rPass(t, q ?? this.lambda, last ? none : this.#product);
      this.#slope(t);
      const block = unroll.block(t);
      add(this.dImages + block * blocks.imageFloats, this.#mixedImages, blocks.imageFloats);
      const mixedTargets = this.#tangent.dTargets;
      if (this.dTargets !== none && mixedTargets !== none) {
        add(this.dTargets + block * blocks.targetFloats, mixedTargets, blocks.targetFloats);
      }
      if (last) break;
      add(this.lambda, this.#product, model.parameterCount);
      if (q !== none) ops.scale(q, unroll.optimizer.momentum, q, model.parameterCount);
      yield;
    }
    ops.scale(this.dLearningRates, -1, this.dLearningRates, unroll.length);
  }

  /**
   * Records one R-pass along `direction` at θ_t: its products with the Hessians, and the share of weight decay in them. The
   * product with H_θθ goes into `product` unless that is `none`.
   */
  *#rPass(t: number, direction: Buffer, product: OptionalBuffer): Parts {
    const { unroll } = this;
    const { network, loop, optimizer } = unroll;
    const tape = unroll.tape(t);
    const theta = unroll.theta(t);
    yield* network.forwardRParts(theta, direction, tape, this.#tangent, loop.imagesPerStep);
    yield* network.backwardRParts(theta, direction, tape, this.#tangent, product);
    if (product !== none && optimizer.weightDecay !== 0) {
      this.#ops.axpy(product, product, optimizer.weightDecay, direction, loop.model.parameterCount);
    }
  }

  /**
   * Records ⟨v_{t+1}, λ⟩ into the entry of η_t in dLearningRates, after the R-pass of step t. Without momentum v_{t+1} need
   * not be kept: ⟨∇_θ ℓ_t, λ⟩ is the tangent of the loss along λ, and weight decay adds ω·⟨θ_t, λ⟩.
   */
  #slope(t: number): void {
    const ops = this.#ops;
    const { unroll } = this;
    const { network, loop } = unroll;
    const { momentum, weightDecay } = unroll.optimizer;
    const slope = this.dLearningRates + unroll.rate(t);
    if (momentum !== 0) {
      ops.dot(slope, unroll.velocity(t + 1), this.lambda, loop.model.parameterCount);
      return;
    }
    ops.dot(slope, unroll.tape(t).dLogits, this.#tangent.logits, loop.model.classes * network.lanes);
    if (weightDecay !== 0) {
      ops.dot(this.#decay, unroll.theta(t), this.lambda, loop.model.parameterCount);
      ops.axpy(slope, slope, weightDecay, this.#decay, 1);
    }
  }
}
