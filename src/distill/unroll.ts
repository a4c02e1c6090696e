// The inner loop, forwards (paper.md §1.1): θ_{t+1} = θ_t − η_t ∇_θ ℓ(x_{t mod S}, y_{t mod S}; θ_t), keeping every θ_t.
import type { Allocator } from "../backend/arena.ts";
import { type Buffer, none, type Ops } from "../backend/backend.ts";
import type { Model } from "../nn/model.ts";
import { lanes, Network } from "../nn/network.ts";
import { type Tape, tapeOver, type Wanted } from "../nn/tape.ts";

/** The blocks of an inner loop: S = `steps` blocks of `imagesPerStep` images, used in order in each of `epochs`. */
export interface InnerLoop {
  readonly model: Model;
  readonly steps: number;
  readonly epochs: number;
  readonly imagesPerStep: number;
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
  /** `all` keeps every θ_t, for the reverse sweep; `last` trains in place. */
  readonly trajectory: "all" | "last";
  readonly wanted: Wanted;
}

export class Unroll {
  readonly loop: InnerLoop;
  readonly network: Network;
  readonly activations: Activations;
  readonly #ops: Ops;
  readonly #theta: Buffer;
  readonly #stride: number;
  readonly #gradient: Buffer;
  readonly #tapes: readonly Tape[];

  constructor(loop: InnerLoop, blocks: Blocks, ops: Ops, allocator: Allocator, options: UnrollOptions) {
    const count = loop.model.parameterCount;
    this.loop = loop;
    this.activations = options.activations;
    this.#ops = ops;
    this.network = new Network(loop.model, ops, lanes(loop.imagesPerStep), allocator);
    this.#stride = options.trajectory === "all" ? Math.ceil(count / 16) * 16 : 0;
    this.#theta = allocator.allocate(this.length * this.#stride + count);
    this.#gradient = allocator.allocate(count);
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

  /** The tape of inner step t. */
  tape(t: number): Tape {
    return this.#tapes[t]!;
  }

  /** All inner steps from θ_0, with η_t = learningRates[t]. */
  run(learningRates: ArrayLike<number>): void {
    for (let t = 0; t < this.length; t++) {
      this.pass(t, this.#gradient);
      const count = this.loop.model.parameterCount;
      this.#ops.axpy(this.theta(t + 1), this.theta(t), -learningRates[t]!, this.#gradient, count);
    }
  }

  /** Forward and backward of step t at θ_t; the weights' gradient into dTheta unless it is none. */
  pass(t: number, dTheta: Buffer = none): void {
    const tape = this.tape(t);
    this.network.forward(this.theta(t), tape, this.loop.imagesPerStep);
    this.network.loss(tape, this.loop.imagesPerStep);
    this.network.backward(this.theta(t), tape, dTheta);
  }
}
