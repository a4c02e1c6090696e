// Which states of an inner loop, θ_t and with momentum v_t, are held for its reverse sweep. The T steps are cut into
// segments of `size` steps, the first one shorter where T is no multiple. Held are the state at the start of each
// segment, all states and activations of one segment at a time, and θ_T:
//
//   T = 10, size 4      [θ_0 θ_1]   [θ_2 θ_3 θ_4 θ_5]   [θ_6 θ_7 θ_8 θ_9]   θ_10
//
// The last segment is there when the sweep begins; any other is made again from its first state when the sweep comes to
// it, so no step is computed more than twice. Size T holds all and makes nothing again; size 1 holds every θ_t and
// makes the activations again, one step at a time. (Checkpointing as in Chen et al. 2016, arXiv:1604.06174.)
import { outOfRange, wrongKind } from "../checks/refusal.ts";

/**
 * What the reverse sweep finds of the inner loop; the same bits whatever it is. `"store"`: every θ_t and its
 * activations. `"recompute"`: whatever takes the least memory, which makes nearly all steps twice. A number: as much as
 * fits into so many bytes, so that as little as possible is made again.
 */
export type TrajectoryMemory = "store" | "recompute" | number;

/** Throws TypeError or RangeError unless `memory` is one of the words or a positive number. Returns it. */
export function checkTrajectoryMemory(name: string, memory: unknown): TrajectoryMemory {
  if (memory === "store" || memory === "recompute" || (typeof memory === "number" && memory > 0)) return memory;
  const refuse = typeof memory === "string" || typeof memory === "number" ? outOfRange : wrongKind;
  throw refuse(name, '"store", "recompute" or a number of bytes > 0', memory);
}

/**
 * Steps of a segment, for T = `length`, where `floats` says how many floats segments of a size take.
 *
 * @throws RangeError where not even the least fits into the bytes.
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

/** Where the states θ_0 … θ_T are held, in slots 0 to `states` − 1. Size 0 holds one state only, for all t. */
export class Segments {
  readonly length: number;
  readonly size: number;
  readonly count: number;

  constructor(length: number, size: number) {
    this.length = length;
    this.size = size;
    this.count = size === 0 ? 0 : Math.ceil(length / size);
  }

  /** How many states are held: the first of each segment, the others of one, and the last of all. */
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

  /** Where θ_t lies. Between the starts of segments that is a place which all segments use in turn. */
  slot(t: number): number {
    if (this.size === 0) return 0;
    const segment = this.of(t);
    const within = t - this.start(segment);
    return within === 0 ? segment : this.count + within;
  }

  /** Which of the `size` sets of activations step t uses. */
  tape(t: number): number {
    return this.size === 0 ? 0 : t - this.start(this.of(t));
  }
}
