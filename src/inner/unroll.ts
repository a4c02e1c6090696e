// Runs the inner loop forwards (docs/math.md §1, §2) and holds what the reverse sweep needs (segments.ts). The steps are those
// of PyTorch's SGD with momentum μ and weight decay ω:
//
//   g_t = ∇_θ ℓ(x_{t mod S}, y_{t mod S}; θ_t) + ω·θ_t      v_{t+1} = μ·v_t + g_t      θ_{t+1} = θ_t − η_t·v_{t+1}
//
// with v_0 = 0. Where μ = 0, v_{t+1} is g_t and one buffer serves all steps; where not, v_t is held beside θ_t: the
// reverse sweep needs it, and (θ_t − θ_{t+1})/η_t would lose its digits to cancellation. That doubles the trajectory.
// Weight decay costs a pass over θ and no memory; what is 0 costs nothing.
import { type Allocator, floatsOf } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { Planner } from "../backend/plan.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { laneCount, Network } from "../nn/network.ts";
import { type Tape, tapeOver, type Wanted } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Parts } from "../platform/parts.ts";
import type { Allocators } from "./allocators.ts";
import { type InnerOptimizer, innerOptimizer } from "./inner-optimizer.ts";
import { Segments, segmentSize, type TrajectoryMemory } from "./segments.ts";

/** The blocks of an inner loop: S = `steps` blocks of `imagesPerStep` images, used in order in each of `epochs`. */
export interface InnerLoop extends Partial<InnerOptimizer> {
  readonly model: Model;
  readonly steps: number;
  readonly epochs: number;
  readonly imagesPerStep: number;
  /** Default "cross-entropy". */
  readonly loss?: Loss;
}

/** Synthetic blocks in a backend's memory, images innermost. */
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
export function allocateBlocks(
  { model, steps, imagesPerStep }: InnerLoop,
  plan: Planner,
  allocator: Allocator,
): Blocks {
  const batch = laneCount(model, imagesPerStep, plan);
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
  readonly optimizer: InnerOptimizer;
  readonly #ops: Ops;
  readonly #segments: Segments;
  /** θ_t, in the slot of t. */
  readonly #states: readonly Buffer[];
  /** With momentum, v_t lies one place before the slot of t, because v_0 = 0 has none; else all v_t share one place. */
  readonly #velocities: readonly Buffer[];
  readonly #blocks: Blocks;
  /** For each place in a segment: the room that the steps at this place share, and its tape over each block. */
  readonly #tapes: readonly { readonly room: Tape; readonly over: Tape[] }[];
  /** The block of each step, if the blocks do not simply take turns. */
  #order: ArrayLike<number> | undefined;
  /** The segment whose states and activations are there now. */
  #held = -1;
  #random: RandomKey | undefined;

  constructor(
    loop: InnerLoop,
    blocks: Blocks,
    backend: Pick<Backend, "ops" | "plan">,
    allocators: Allocators,
    options: UnrollOptions,
  ) {
    this.loop = loop;
    this.optimizer = innerOptimizer(loop);
    this.#ops = backend.ops;
    const lanes = laneCount(loop.model, loop.imagesPerStep, backend.plan);
    this.network = new Network(loop.model, backend, lanes, allocators.scratch, { loss: loop.loss });
    const inPlace = options.memory === "last";
    const momentum = this.optimizer.momentum !== 0;
    const state = (allocator: Allocator): Buffer => allocator.allocate(loop.model.parameterCount);
    // Only the tangent of ∂ℓ/∂x is wanted of an inner step, so primal passes need no room for ∂ℓ/∂x itself.
    const room: Wanted = { images: false, targets: options.wanted.targets };
    const tape = (allocator: Allocator): Tape => this.network.tape(allocator, blocks.images, blocks.targets, room);
    const [stateFloats, tapeFloats] = [floatsOf(state), floatsOf(tape)];
    const floats = ({ states, size }: Segments): number =>
      (states + (momentum ? states - 1 : 0)) * stateFloats + size * tapeFloats;
    const size = options.memory === "last" ? 0 : segmentSize(options.memory, this.length, floats);
    this.#segments = new Segments(this.length, size);
    const many = <T>(length: number, make: (allocator: Allocator) => T, allocator: Allocator): T[] =>
      Array.from({ length }, () => make(allocator));
    this.#states = many(this.#segments.states, state, allocators.parameters);
    // A step makes v_{t+1} from v_t: without momentum one place is enough, without a trajectory two are.
    this.#velocities = momentum
      ? many(inPlace ? 2 : this.#segments.states - 1, state, allocators.parameters)
      : many(1, state, allocators.gradients);
    this.#blocks = blocks;
    this.#tapes = many(Math.max(1, size), tape, allocators.activations).map((room) => ({ room, over: [] }));
  }

  /** T, the number of inner steps. */
  get length(): number {
    return this.loop.steps * this.loop.epochs;
  }

  /** Returns where θ_t is held, for t from 0 to T; write θ_0 there before `run`. */
  theta(t: number): Buffer {
    return this.#states[this.#segments.slot(t)]!;
  }

  /** Returns where v_t is held, for t from 1 to T. */
  velocity(t: number): Buffer {
    if (this.optimizer.momentum === 0) return this.#velocities[0]!;
    return this.#velocities[this.#segments.size === 0 ? t % 2 : this.#segments.slot(t) - 1]!;
  }

  /** The block of inner step t. */
  block(t: number): number {
    return this.#order ? this.#order[t]! : t % this.loop.steps;
  }

  /** The entry of the learning rates that is η_t: each belongs to an (epoch, block), whenever its turn comes. */
  rate(t: number): number {
    return this.#order ? t - (t % this.loop.steps) + this.#order[t]! : t;
  }

  /** The tape of inner step t. */
  tape(t: number): Tape {
    const { room, over } = this.#tapes[this.#segments.tape(t)]!;
    const block = this.block(t);
    const { images, imageFloats, targets, targetFloats } = this.#blocks;
    over[block] ??= tapeOver(room, images + block * imageFloats, targets + block * targetFloats);
    return over[block];
  }

  /**
   * Records all inner steps from θ_0 with the learning rates `eta` [T], over the blocks in turn or in `order` [T]. Dropout
   * draws from `random` and the streams after it, and draws the same when a step of this run is computed again; without
   * `random` nothing is dropped.
   */
  *run(eta: Buffer, random?: RandomKey, order?: ArrayLike<number>): Parts {
    this.#random = random;
    this.#order = order;
    for (let t = 0; t < this.length; t++) {
      yield* this.#step(t, eta);
    }
    this.#held = this.#segments.of(this.length - 1);
  }

  /** After `run`: makes θ_t and the tape of step t what they were, with the whole segment if later steps have overwritten it. */
  *recall(t: number, eta: Buffer): Parts {
    const segment = this.#segments.of(t);
    if (segment === this.#held) return;
    const last = this.#segments.start(segment + 1) - 1;
    for (let s = this.#segments.start(segment); s < last; s++) {
      yield* this.#step(s, eta);
    }
    yield* this.#pass(last, none);
    this.#held = segment;
  }

  /** Records v_{t+1} and θ_{t+1}, made from v_t and θ_t. */
  *#step(t: number, eta: Buffer): Parts {
    const count = this.loop.model.parameterCount;
    const { momentum, weightDecay } = this.optimizer;
    const v = this.velocity(t + 1);
    yield* this.#pass(t, v);
    if (weightDecay !== 0) this.#ops.axpy(v, v, weightDecay, this.theta(t), count);
    if (momentum !== 0 && t > 0) this.#ops.axpy(v, v, momentum, this.velocity(t), count);
    this.#ops.axpyBy(this.theta(t + 1), this.theta(t), -1, eta + this.rate(t), v, count);
  }

  /** Records forward and backward of step t at θ_t. The gradient of the weights goes into dTheta unless that is `none`. */
  *#pass(t: number, dTheta: OptionalBuffer): Parts {
    const tape = this.tape(t);
    yield* this.network.forwardParts(this.theta(t), tape, this.loop.imagesPerStep, this.#randomOf(t));
    this.network.loss(tape, this.loop.imagesPerStep);
    yield* this.network.backwardParts(this.theta(t), tape, dTheta);
  }

  /** Returns the first stream of step t. A step has as many as there are layers. */
  #randomOf(t: number): RandomKey | undefined {
    const random = this.#random;
    return random && { ...random, stream: random.stream + t * this.loop.model.layers.length };
  }
}
