// The inner loop, forwards (paper.md §1.1, §1.2), keeping every θ_t; PyTorch's SGD with momentum μ and weight decay ω:
//
//   g_t = ∇_θ ℓ(x_{t mod S}, y_{t mod S}; θ_t) + ω·θ_t      v_{t+1} = μ·v_t + g_t      θ_{t+1} = θ_t − η_t·v_{t+1}
//
// with v_0 = 0. Where μ = 0, v_{t+1} is g_t and one buffer serves all steps; where not, every v_t is kept beside θ_t:
// the reverse sweep needs it, and (θ_t − θ_{t+1})/η_t would lose its digits to cancellation. That doubles the
// trajectory. Weight decay costs a pass over θ and no memory; what is 0 costs nothing.
import type { Allocator } from "../backend/arena.ts";
import { type Buffer, none, type Ops, type RandomKey } from "../backend/backend.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes, Network } from "../nn/network.ts";
import { type Tape, tapeOver, type Wanted } from "../nn/tape.ts";
import { type InnerOptimizer, innerOptimizer } from "./inner-optimizer.ts";

/** The blocks of an inner loop: S = `steps` blocks of `imagesPerStep` images, used in order in each of `epochs`. */
export interface InnerLoop extends Partial<InnerOptimizer> {
  readonly model: Model;
  readonly steps: number;
  readonly epochs: number;
  readonly imagesPerStep: number;
  /** Default "cross-entropy". */
  readonly loss?: Loss;
}

/** Synthetic blocks in a backend's memory, batch innermost. */
export interface Blocks {
  /** [steps][c, h, w, B] */
  readonly images: Buffer;
  /** [steps][classes, B] */
  readonly targets: Buffer;
  /** Floats from one block to the next. */
  readonly imageFloats: number;
  readonly targetFloats: number;
}

/** Room for the blocks of an inner loop. */
export function allocateBlocks({ model, steps, imagesPerStep }: InnerLoop, allocator: Allocator): Blocks {
  const batch = lanes(imagesPerStep);
  const [channels, height, width] = model.inputShape;
  const imageFloats = channels * height * width * batch;
  const targetFloats = model.classes * batch;
  return {
    images: allocator.allocate(steps * imageFloats),
    targets: allocator.allocate(steps * targetFloats),
    imageFloats,
    targetFloats,
  };
}

/**
 * What the reverse sweep needs of the unroll. `keep` holds the activations of every inner step, `recompute` makes them
 * again from θ_t: a third more arithmetic, 1/T of the memory, the same bits.
 */
export type Activations = "keep" | "recompute";

/** How much of an inner loop is kept. */
export interface UnrollOptions {
  readonly activations: Activations;
  /** `all` keeps every θ_t and v_t, for the reverse sweep; `last` trains in place. */
  readonly trajectory: "all" | "last";
  readonly wanted: Wanted;
}

export class Unroll {
  readonly loop: InnerLoop;
  readonly network: Network;
  readonly activations: Activations;
  readonly optimizer: InnerOptimizer;
  readonly #ops: Ops;
  readonly #theta: Buffer;
  readonly #stride: number;
  /** `#velocities` places for v_1, v_2, …, used in turn, `#velocityStride` apart. */
  readonly #velocity: Buffer;
  readonly #velocities: number;
  readonly #velocityStride: number;
  readonly #tapes: readonly Tape[];
  #random: RandomKey | undefined;

  constructor(loop: InnerLoop, blocks: Blocks, ops: Ops, allocator: Allocator, options: UnrollOptions) {
    const count = loop.model.parameterCount;
    this.loop = loop;
    this.activations = options.activations;
    this.optimizer = innerOptimizer(loop);
    this.#ops = ops;
    this.network = new Network(loop.model, ops, lanes(loop.imagesPerStep), allocator, loop.loss);
    const all = options.trajectory === "all";
    const aligned = Math.ceil(count / 16) * 16;
    this.#stride = all ? aligned : 0;
    this.#theta = allocator.allocate(this.length * this.#stride + count);
    // A step makes v_{t+1} from v_t: without momentum one place is enough, without a trajectory two are.
    this.#velocities = this.optimizer.momentum === 0 ? 1 : all ? this.length : 2;
    this.#velocityStride = aligned;
    this.#velocity = allocator.allocate((this.#velocities - 1) * aligned + count);
    this.#tapes = this.#allocateTapes(blocks, allocator, options.wanted);
  }

  /** One tape a step where activations are kept; otherwise one in all, seen over each block. */
  #allocateTapes(blocks: Blocks, allocator: Allocator, wanted: Wanted): Tape[] {
    const images = (t: number): Buffer => blocks.images + (t % this.loop.steps) * blocks.imageFloats;
    const targets = (t: number): Buffer => blocks.targets + (t % this.loop.steps) * blocks.targetFloats;
    // Nobody wants ∂ℓ/∂x of an inner step, only its tangent: primal passes need no room for it.
    const room: Wanted = { images: false, targets: wanted.targets };
    const allocate = (t: number): Tape => this.network.tape(allocator, images(t), targets(t), room);
    if (this.activations === "keep") return Array.from({ length: this.length }, (_, t) => allocate(t));
    const one = allocate(0);
    return Array.from({ length: this.length }, (_, t) => tapeOver(one, images(t), targets(t)));
  }

  /** T, the number of inner steps. */
  get length(): number {
    return this.loop.steps * this.loop.epochs;
  }

  /** θ_t for t from 0 to T; write θ_0 there before `run`. */
  theta(t: number): Buffer {
    return this.#theta + t * this.#stride;
  }

  /** v_t for t from 1 to T, as long as it is kept. */
  velocity(t: number): Buffer {
    return this.#velocity + ((t - 1) % this.#velocities) * this.#velocityStride;
  }

  /** The tape of inner step t. */
  tape(t: number): Tape {
    return this.#tapes[t]!;
  }

  /**
   * All inner steps from θ_0, with η_t = learningRates[t]. Dropout draws from `random` and the streams after it, and
   * draws the same whenever a step of this run is passed again; without `random` nothing is dropped.
   */
  run(learningRates: ArrayLike<number>, random?: RandomKey): void {
    this.#random = random;
    const count = this.loop.model.parameterCount;
    const { momentum, weightDecay } = this.optimizer;
    for (let t = 0; t < this.length; t++) {
      const v = this.velocity(t + 1);
      this.pass(t, v);
      if (weightDecay !== 0) this.#ops.axpy(v, v, weightDecay, this.theta(t), count);
      if (momentum !== 0 && t > 0) this.#ops.axpy(v, v, momentum, this.velocity(t), count);
      this.#ops.axpy(this.theta(t + 1), this.theta(t), -learningRates[t]!, v, count);
    }
  }

  /** Forward and backward of step t at θ_t; the weights' gradient into dTheta unless it is none. */
  pass(t: number, dTheta: Buffer = none): void {
    const tape = this.tape(t);
    this.network.forward(this.theta(t), tape, this.#randomOf(t));
    this.network.loss(tape, this.loop.imagesPerStep);
    this.network.backward(this.theta(t), tape, dTheta);
  }

  /** Streams of step t: as many as there are layers. */
  #randomOf(t: number): RandomKey | undefined {
    const random = this.#random;
    return random && { ...random, stream: random.stream + t * this.loop.model.layers.length };
  }
}
