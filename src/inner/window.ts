// Trains a network on sub-batches, and holds what the reverse sweep through its last W steps, the window, needs (Feng, Vedantam,
// Kempe, ICLR 2024; docs/math.md §10). The N steps before the window are taken in place and leave nothing.
//
// Segments (segments.ts) cut the window as they cut a whole inner loop: the state at the start of each is held, and all states,
// activations and, if the rule asks for them, gradients of one segment at a time. The images of a step are put into place again
// whenever they are read, because all steps share that place.

import { type Allocator, floatsOf } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Parts } from "../platform/parts.ts";
import type { Allocators } from "./allocators.ts";
import { Segments, segmentSize, type TrajectoryMemory } from "./segments.ts";
import type { SubBatches } from "./sub-batches.ts";
import type { UpdateRule } from "./update-rule.ts";

/** What is trained, how, and what is held of it. */
export interface WindowOptions {
  readonly model: Model;
  readonly loss: Loss;
  /** W */
  readonly length: number;
  readonly memory: TrajectoryMemory;
}

export class TrainingWindow {
  readonly options: WindowOptions;
  readonly network: Network;
  readonly batches: SubBatches;
  readonly rule: UpdateRule;
  readonly #backend: Backend;
  readonly #segments: Segments;
  /** The state before step w of the window, in the slot of w. */
  readonly #states: readonly Buffer[];
  /** For each place in a segment its tape, and its gradient; one gradient is enough if the rule keeps none. */
  readonly #tapes: readonly Tape[];
  readonly #gradients: readonly Buffer[];
  /** N of the last run. */
  #skipped = 0;
  /** The segment whose states and activations are there now. */
  #held = -1;
  #random: RandomKey | undefined;

  constructor(
    options: WindowOptions,
    batches: SubBatches,
    rule: UpdateRule,
    backend: Backend,
    memory: Pick<Allocators, "parameters" | "activations" | "gradients" | "scratch">,
  ) {
    const { model, loss, length } = options;
    const count = model.parameterCount;
    this.options = options;
    this.batches = batches;
    this.rule = rule;
    this.#backend = backend;
    this.network = new Network(model, backend, batches.lanes, memory.scratch, { loss });
    const state = (allocator: Allocator): Buffer => allocator.allocate((1 + rule.moments) * count);
    const tape = (allocator: Allocator): Tape =>
      this.network.tape(allocator, batches.images, batches.targets, { images: false, targets: false });
    const gradient = (allocator: Allocator): Buffer => allocator.allocate(count);
    const [stateFloats, gradientFloats] = [floatsOf(state), rule.keepsGradient ? floatsOf(gradient) : 0];
    const stepFloats = floatsOf(tape) + gradientFloats;
    const floats = ({ states, size }: Segments): number => states * stateFloats + size * stepFloats;
    const size = segmentSize(options.memory, length, floats);
    const many = <T>(n: number, make: (allocator: Allocator) => T, allocator: Allocator): T[] =>
      Array.from({ length: n }, () => make(allocator));
    this.#segments = new Segments(length, size);
    this.#states = many(this.#segments.states, state, memory.parameters);
    this.#tapes = many(size, tape, memory.activations);
    this.#gradients = rule.keepsGradient
      ? many(size, gradient, memory.activations)
      : many(1, gradient, memory.gradients);
  }

  /** Returns where the state before step `w` of the window is, which begins with its θ. Write θ_0 to `state(0)` before `run`. */
  state(w: number): Buffer {
    return this.#states[this.#segments.slot(w)]!;
  }

  /** The tape of step `w` of the window. */
  tape(w: number): Tape {
    return this.#tapes[this.#segments.tape(w)]!;
  }

  /** The gradient of step `w` of the window, if the rule keeps it. */
  gradient(w: number): Buffer {
    return this.#gradients[this.rule.keepsGradient ? this.#segments.tape(w) : 0]!;
  }

  /** The step of the training that step `w` of the window is. */
  step(w: number): number {
    return this.#skipped + w;
  }

  /**
   * Records `skipped` steps from θ_0, and those of the window. Dropout draws from `random` and the streams after it, and draws the
   * same when a step is computed again; without `random` nothing is dropped.
   */
  *run(skipped: number, random?: RandomKey): Parts {
    const count = this.options.model.parameterCount;
    const first = this.state(0);
    this.#skipped = skipped;
    this.#random = random;
    this.#backend.ops.fill(first + count, 0, this.rule.moments * count);
    for (let t = 0; t < skipped; t++) yield* this.#take(t, first, first, 0);
    for (let w = 0; w < this.options.length; w++) yield* this.#takeOfWindow(w);
    this.#held = this.#segments.of(this.options.length - 1);
  }

  /** After `run`: makes state, tape and gradient of step `w` what they were, with its whole segment if that was overwritten. */
  *recall(w: number): Parts {
    const segment = this.#segments.of(w);
    if (segment === this.#held) return;
    const last = this.#segments.start(segment + 1) - 1;
    for (let i = this.#segments.start(segment); i < last; i++) yield* this.#takeOfWindow(i);
    yield* this.#pass(this.step(last), this.state(last), last);
    this.#held = segment;
  }

  *#takeOfWindow(w: number): Parts {
    yield* this.#take(this.step(w), this.state(w + 1), this.state(w), w);
  }

  /** Records step `t`, with the tape and the gradient of place `w`. */
  *#take(t: number, after: Buffer, before: Buffer, w: number): Parts {
    yield* this.#pass(t, before, w);
    this.rule.forward(after, before, this.gradient(w), t);
  }

  /** Records forward and backward of step `t` at the θ of a state. */
  *#pass(t: number, theta: Buffer, w: number): Parts {
    const { network, batches } = this;
    const tape = this.tape(w);
    const random = this.#random;
    const { layers } = this.options.model;
    const streams = random && { ...random, stream: random.stream + t * layers.length };
    batches.choose(t);
    yield* network.forwardParts(theta, tape, batches.count, streams);
    network.loss(tape, batches.count);
    yield* network.backwardParts(theta, tape, this.gradient(w));
  }
}
