// The inner loop, forwards (paper.md §1.1): θ_{t+1} = θ_t − η_t ∇_θ ℓ(x_{t mod S}, y_{t mod S}; θ_t), holding what the
// reverse sweep is to find (segments.ts).
import { type Allocator, floatsOf } from "../backend/arena.ts";
import { type Buffer, none, type Ops } from "../backend/backend.ts";
import type { Model } from "../nn/model.ts";
import { lanes, Network } from "../nn/network.ts";
import { type Tape, tapeOver, type Wanted } from "../nn/tape.ts";
import type { Allocators } from "./allocators.ts";
import { Segments, segmentSize, type TrajectoryMemory } from "./segments.ts";

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

/** How much of an inner loop is held. */
export interface UnrollOptions {
  /** For the reverse sweep; "last" trains in place. */
  readonly memory: TrajectoryMemory | "last";
  readonly wanted: Wanted;
}

export class Unroll {
  readonly loop: InnerLoop;
  readonly network: Network;
  readonly #ops: Ops;
  readonly #segments: Segments;
  readonly #states: readonly Buffer[];
  readonly #gradient: Buffer;
  /** One a step; steps that are not held at the same time share the room. */
  readonly #tapes: readonly Tape[];
  /** The segment whose states and activations are there now. */
  #held = -1;

  constructor(loop: InnerLoop, blocks: Blocks, ops: Ops, allocators: Allocators, options: UnrollOptions) {
    const count = loop.model.parameterCount;
    this.loop = loop;
    this.#ops = ops;
    this.network = new Network(loop.model, ops, lanes(loop.imagesPerStep), allocators.scratch);
    const { images, targets } = blocks;
    // Nobody wants ∂ℓ/∂x of an inner step, only its tangent: primal passes need no room for it.
    const room: Wanted = { images: false, targets: options.wanted.targets };
    const tape = (allocator: Allocator): Tape => this.network.tape(allocator, images, targets, room);
    const floats = { state: floatsOf((allocator) => allocator.allocate(count)), step: floatsOf(tape) };
    const size = options.memory === "last" ? 0 : segmentSize(options.memory, this.length, floats);
    this.#segments = new Segments(this.length, size);
    this.#states = Array.from({ length: this.#segments.states }, () => allocators.parameters.allocate(count));
    this.#gradient = allocators.gradients.allocate(count);
    const tapes = Array.from({ length: Math.max(1, size) }, () => tape(allocators.activations));
    this.#tapes = Array.from({ length: this.length }, (_, t) => {
      const block = t % loop.steps;
      const at = { images: images + block * blocks.imageFloats, targets: targets + block * blocks.targetFloats };
      return tapeOver(tapes[this.#segments.tape(t)]!, at.images, at.targets);
    });
  }

  /** T, the number of inner steps. */
  get length(): number {
    return this.loop.steps * this.loop.epochs;
  }

  /** θ_t for t from 0 to T, where it is held; write θ_0 there before `run`. */
  theta(t: number): Buffer {
    return this.#states[this.#segments.slot(t)]!;
  }

  /** The tape of inner step t. */
  tape(t: number): Tape {
    return this.#tapes[t]!;
  }

  /** All inner steps from θ_0, with η_t = learningRates[t]. */
  run(learningRates: ArrayLike<number>): void {
    for (let t = 0; t < this.length; t++) this.#step(t, learningRates);
    this.#held = this.#segments.of(this.length - 1);
  }

  /** After `run`: makes θ_t and the tape of step t what they were, with the whole segment if it is no longer there. */
  recall(t: number, learningRates: ArrayLike<number>): void {
    const segment = this.#segments.of(t);
    if (segment === this.#held) return;
    const last = this.#segments.start(segment + 1) - 1;
    for (let s = this.#segments.start(segment); s < last; s++) this.#step(s, learningRates);
    this.#pass(last, none);
    this.#held = segment;
  }

  /** θ_{t+1} from θ_t. */
  #step(t: number, learningRates: ArrayLike<number>): void {
    this.#pass(t, this.#gradient);
    const { parameterCount } = this.loop.model;
    this.#ops.axpy(this.theta(t + 1), this.theta(t), -learningRates[t]!, this.#gradient, parameterCount);
  }

  /** Forward and backward of step t at θ_t; the weights' gradient into dTheta unless it is none. */
  #pass(t: number, dTheta: Buffer): void {
    const tape = this.tape(t);
    this.network.forward(this.theta(t), tape);
    this.network.loss(tape, this.loop.imagesPerStep);
    this.network.backward(this.theta(t), tape, dTheta);
  }
}
