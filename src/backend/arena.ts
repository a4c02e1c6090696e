// A bump allocator over a backend's memory: buffers are taken once, when a network is bound or a run is planned, and
// given back all together. Nothing is allocated inside an outer step.
import type { Backend } from "./backend.ts";
import type { Buffer } from "./buffer.ts";

/** Floats between neighbouring buffers' starts: a cache line, so that threads never write the same one. */
const ALIGNMENT = 16;
/** Floats that may be read beyond a buffer's end: where lanes end in half a vector, kernels read a whole one. */
const READ_AHEAD = 2;

/** Hands out buffers. A plan uses one that only counts. */
export interface Allocator {
  /** Returns `floats` floats whose contents are unspecified. */
  allocate(floats: number): Buffer;
}

/** A place on an arena's stack to go back to. */
export interface Mark {
  readonly at: number;
}

/**
 * The memory of one backend, as a stack of scopes. Scopes may end out of order, as when two runs take turns on one
 * engine: memory is given back when everything above it has ended too. So a scope that lasts allocates all that it needs
 * as soon as it has begun: what it allocated after another had begun would go with that one.
 */
export class Arena implements Allocator {
  readonly #backend: Backend;
  readonly #open: Mark[] = [];
  readonly #ended = new Set<Mark>();
  #top: number;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#top = aligned(backend.base);
  }

  /** Floats taken. */
  get used(): number {
    return this.#top - aligned(this.#backend.base);
  }

  allocate(floats: number): Buffer {
    const buffer = this.#top;
    const top = buffer + aligned(floats + READ_AHEAD);
    if (top > this.#backend.capacity) this.#backend.reserve(top);
    this.#top = top;
    return buffer;
  }

  /**
   * Begins a scope: what is allocated from here on is given back by `release`. Nothing may wait between the mark and the last
   * of its allocations, except for what `scope` allocates and gives back at once.
   */
  mark(): Mark {
    const mark = { at: this.#top };
    this.#open.push(mark);
    return mark;
  }

  /**
   * Runs `work` in a scope of its own. It may give promises of `Backend.read` to be awaited outside, because what a read
   * gives was settled when it was called; all that it allocates, records and reads it does before it first waits.
   */
  scope<T>(work: () => T): T {
    const mark = this.mark();
    try {
      return work();
    } finally {
      this.release(mark);
    }
  }

  /** Ends a scope. */
  release(mark: Mark): void {
    this.#ended.add(mark);
    for (let last = this.#open.at(-1); last && this.#ended.has(last); last = this.#open.at(-1)) {
      this.#open.pop();
      this.#ended.delete(last);
      this.#top = last.at;
    }
  }
}

/** Counts floats instead of taking them, so that a plan needs no backend's memory. */
export class CountingAllocator implements Allocator {
  floats = 0;

  allocate(floats: number): Buffer {
    const buffer = ALIGNMENT + this.floats;
    this.floats += aligned(floats + READ_AHEAD);
    return buffer;
  }
}

/** Returns the number of floats that `work` allocates. */
export function floatsOf(work: (allocator: Allocator) => void): number {
  const counting = new CountingAllocator();
  work(counting);
  return counting.floats;
}

function aligned(floats: number): number {
  return Math.ceil(floats / ALIGNMENT) * ALIGNMENT;
}
