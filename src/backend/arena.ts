// A bump allocator over a backend's memory: buffers are taken once, when a network is bound or a run is planned, and
// given back all together. Nothing is allocated inside an outer step.
import type { Backend, Buffer } from "./backend.ts";

/** Floats between neighbouring buffers' starts: a cache line, so that threads never write the same one. */
const ALIGNMENT = 16;

/** Hands out buffers. What it counts is what a run will need: planning is allocating. */
export interface Allocator {
  /** `floats` floats whose contents are unspecified. */
  allocate(floats: number): Buffer;
}

/** The memory of one backend, as a stack. */
export class Arena implements Allocator {
  readonly #backend: Backend;
  #top: number;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#top = align(backend.base);
  }

  allocate(floats: number): Buffer {
    const buffer = this.#top;
    this.#top = buffer + align(floats);
    if (this.#top > this.#backend.capacity) this.#backend.reserve(this.#top);
    return buffer;
  }

  /** A point to `release` to. */
  mark(): number {
    return this.#top;
  }

  /** Gives back everything allocated since `mark`. */
  release(mark: number): void {
    this.#top = mark;
  }
}

/** Counts instead of taking: what a plan would need, without a backend. */
export class CountingAllocator implements Allocator {
  floats = 0;

  allocate(floats: number): Buffer {
    const buffer = ALIGNMENT + this.floats;
    this.floats += align(floats);
    return buffer;
  }
}

/** Floats that `work` allocates. */
export function floatsOf(work: (allocator: Allocator) => void): number {
  const counting = new CountingAllocator();
  work(counting);
  return counting.floats;
}

function align(floats: number): number {
  return Math.ceil(floats / ALIGNMENT) * ALIGNMENT;
}
