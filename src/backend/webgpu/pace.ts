// How much work a device gets at a time. Systems take a GPU for hung whose work takes a second or two, so a submission should be
// far from that; and many small ones would cost the host more than they must.

/** Milliseconds that a submission should take at most, and under which it may be larger. */
const LONG = 100;
const SHORT = 40;
/** Threads of the shaders of a submission: of the first, and at least and at most. */
const FIRST = 1 << 19;
const LEAST = 1 << 16;
const MOST = 1 << 30;

export class Pace {
  #most = FIRST;
  #last = 0;

  /** Threads that a submission may have. */
  get most(): number {
    return this.#most;
  }

  /** Learns from a submission: what it had, when it was sent, and when it was done. */
  learn(threads: number, sent: number, done: number): void {
    // A device does one after the other.
    const took = done - Math.max(sent, this.#last);
    this.#last = done;
    if (took > LONG) this.#most = Math.max(LEAST, Math.floor(Math.min(this.#most, threads) / 2));
    // A small submission says little about a large one.
    else if (took < SHORT && 2 * threads > this.#most) this.#most = Math.min(MOST, 2 * this.#most);
  }
}
