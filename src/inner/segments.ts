// Decides which states of an inner loop, θ_t and with momentum v_t, are held for its reverse sweep. The T steps are cut into
// segments of `size` steps, of which the first is shorter if T is not a multiple. The state at the start of each segment,
// all states and activations of one segment at a time, and θ_T are held:
//
//   T = 10, size 4      [θ_0 θ_1]   [θ_2 θ_3 θ_4 θ_5]   [θ_6 θ_7 θ_8 θ_9]   θ_10
//
// The last segment is in memory when the sweep begins; any other is recomputed from its first state when the sweep comes to
// it, so no step is computed more than twice. Size T stores everything and recomputes nothing; size 1 stores every θ_t and
// recomputes the activations, one step at a time. (Checkpointing as in Chen et al. 2016, arXiv:1604.06174.)
import { outOfRange, wrongKind } from "../checks/refusal.ts";

/**
 * How much of the inner loop is stored for the reverse sweep; the result is the same bits. `"store"`: every θ_t and its
 * activations. `"recompute"`: the least memory, with nearly all steps computed twice. A number: as much as fits into so
 * many bytes, so that as little as possible is recomputed.
 */
export type TrajectoryMemory = "store" | "recompute" | number;

/** Throws TypeError or RangeError unless `memory` is one of the words or a positive number. Returns it. */
export function checkTrajectoryMemory(name: string, memory: unknown): TrajectoryMemory {
  if (memory === "store" || memory === "recompute" || (typeof memory === "number" && memory > 0)) return memory;
  const refuse = typeof memory === "string" || typeof memory === "number" ? outOfRange : wrongKind;
  throw refuse(name, '"store", "recompute" or a number of bytes > 0', memory);
}

/**
 * Returns the steps of a segment, for T = `length`; `floats` returns how many floats segments of a size take.
 *
 * @throws RangeError when the smallest size does not fit into the bytes.
 */
export function segmentSize(memory: TrajectoryMemory, length: number, floats: (segments: Segments) => number): number {
  if (memory === "store") return length;
  const bytes = (size: number): number => 4 * floats(new Segments(length, size));
  const sizes = Array.from({ length }, (_, i) => length - i);
  if (memory === "recompute") return sizes.reduce((best, size) => (bytes(size) < bytes(best) ? size : best));
  const fitting = sizes.find((size) => bytes(size) <= memory);
  if (fitting !== undefined) return fitting;
  const least = sizes.map(bytes).reduce((a, b) => Math.min(a, b));
  throw new RangeError(`"memory" expected at least ${least} bytes for ${length} inner steps, got ${memory}`);
}

/** Says where the states θ_0 … θ_T are held, in slots 0 to `states` − 1. Size 0 holds only one state, for all t. */
export class Segments {
  readonly length: number;
  readonly size: number;
  readonly count: number;

  constructor(length: number, size: number) {
    this.length = length;
    this.size = size;
    this.count = size === 0 ? 0 : Math.ceil(length / size);
  }

  /** The number of states that are held: the first of each segment, the others of one, and the last of all. */
  get states(): number {
    return this.size === 0 ? 1 : this.count + this.size;
  }

  /** The segment of step t, from 0. */
  of(t: number): number {
    return this.size === 0 ? 0 : this.count - Math.ceil((this.length - t) / this.size);
  }

  /** The first step of a segment; T for the one after the last. */
  start(segment: number): number {
    return Math.max(0, this.length - (this.count - segment) * this.size);
  }

  /** Returns the slot of θ_t. The slots of steps between segment starts are used by all segments in turn. */
  slot(t: number): number {
    if (this.size === 0) return 0;
    const segment = this.of(t);
    const within = t - this.start(segment);
    return within === 0 ? segment : this.count + within;
  }

  /** Returns which of the `size` sets of activations step t uses. */
  tape(t: number): number {
    return this.size === 0 ? 0 : t - this.start(this.of(t));
  }
}
