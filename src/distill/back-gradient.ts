// Back-gradient (Wang et al. 2018; paper.md §1.2): the outer loss differentiated through the whole inner loop.
//
//   λ_T = ∂L/∂θ_T, then for t = T−1 … 0, with one R-pass along λ at θ_t:
//   ∂L/∂η_t = −⟨∇_θ ℓ_t, λ⟩      ∂L/∂x_{t mod S} −= η_t·H_xθ λ      ∂L/∂y_{t mod S} −= η_t·H_yθ λ
//   λ ← λ − η_t·H_θθ λ           and at the end λ = ∂L/∂θ_0.
//
// No graph is built: a step leaves its θ_t and its activations, and not even those need be held (segments.ts).
import { type Buffer, none, type Ops } from "../backend/backend.ts";
import type { Tangent, Wanted } from "../nn/tape.ts";
import type { Allocators } from "./allocators.ts";
import type { TrajectoryMemory } from "./segments.ts";
import { type Blocks, type InnerLoop, Unroll } from "./unroll.ts";

/** An outer loss: puts ∂L/∂θ into `gradient` and returns L. */
export type OuterLoss = (theta: Buffer, gradient: Buffer) => number;

export class BackGradient {
  readonly unroll: Unroll;
  readonly blocks: Blocks;
  /** Gradients of the last `run`, laid out as the blocks: [steps][c, h, w, B]. */
  readonly dImages: Buffer;
  /** [steps][classes, B]; none unless wanted. */
  readonly dTargets: Buffer;
  /** ∂L/∂η [T] */
  readonly dLearningRates: Buffer;
  /** λ: ∂L/∂θ_0 after a run. */
  readonly lambda: Buffer;
  readonly #ops: Ops;
  readonly #product: Buffer;
  readonly #tangent: Tangent;

  constructor(
    loop: InnerLoop,
    blocks: Blocks,
    ops: Ops,
    allocators: Allocators,
    { memory, wanted }: { memory: TrajectoryMemory; wanted: Wanted },
  ) {
    const count = loop.model.parameterCount;
    const { gradients } = allocators;
    this.#ops = ops;
    this.blocks = blocks;
    this.unroll = new Unroll(loop, blocks, ops, allocators, { memory, wanted });
    this.dImages = gradients.allocate(loop.steps * blocks.imageFloats);
    this.dTargets = wanted.targets ? gradients.allocate(loop.steps * blocks.targetFloats) : none;
    this.dLearningRates = gradients.allocate(this.unroll.length);
    this.lambda = gradients.allocate(count);
    this.#product = gradients.allocate(count);
    this.#tangent = this.unroll.network.tangent(allocators.scratch, wanted);
  }

  /** From θ_0 in `unroll.theta(0)`: the outer loss, its gradients left in the buffers above. */
  run(learningRates: ArrayLike<number>, outerLoss: OuterLoss): number {
    const { unroll, blocks } = this;
    const ops = this.#ops;
    const { steps, model } = unroll.loop;
    unroll.run(learningRates);
    const loss = outerLoss(unroll.theta(unroll.length), this.lambda);
    ops.fill(this.dImages, 0, steps * blocks.imageFloats);
    if (this.dTargets) ops.fill(this.dTargets, 0, steps * blocks.targetFloats);
    for (let t = unroll.length - 1; t >= 0; t--) {
      const eta = learningRates[t]!;
      unroll.recall(t, learningRates);
      this.#rPass(t);
      const block = t % steps;
      const dImages = this.dImages + block * blocks.imageFloats;
      ops.axpy(dImages, dImages, -eta, this.#tangent.dImages, blocks.imageFloats);
      if (this.dTargets) {
        const dTargets = this.dTargets + block * blocks.targetFloats;
        ops.axpy(dTargets, dTargets, -eta, this.#tangent.dTargets, blocks.targetFloats);
      }
      ops.axpy(this.lambda, this.lambda, -eta, this.#product, model.parameterCount);
    }
    ops.scale(this.dLearningRates, -1, this.dLearningRates, unroll.length);
    return loss;
  }

  /** One R-pass along λ at θ_t: products H·λ, and ⟨∇_θ ℓ_t, λ⟩, which is the tangent of the loss. */
  #rPass(t: number): void {
    const { unroll } = this;
    const { network, loop } = unroll;
    const tape = unroll.tape(t);
    const theta = unroll.theta(t);
    network.forwardR(theta, this.lambda, tape, this.#tangent, loop.imagesPerStep);
    const logits = loop.model.classes * network.batch;
    this.#ops.dot(this.dLearningRates + t, tape.dLogits, this.#tangent.logits, logits);
    network.backwardR(theta, this.lambda, tape, this.#tangent, this.#product);
  }
}
