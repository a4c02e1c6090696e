// The reference backend's memory: one growing Float64Array, of which a Buffer is an index.

/** The first float that holds data. Those below are NaN, so that a buffer that is 0 by mistake is seen. */
export const base = 4;

export class Memory {
  #floats: Float64Array | undefined = new Float64Array(base).fill(Number.NaN);

  /** The array as it is now: `reserve` replaces it, so each op asks again. Throws once the memory is given up. */
  get floats(): Float64Array {
    if (this.#floats === undefined) throw new Error("reference backend used after dispose()");
    return this.#floats;
  }

  reserve(floats: number): void {
    const old = this.floats;
    if (floats <= old.length) return;
    this.#floats = new Float64Array(floats);
    this.#floats.set(old);
  }

  dispose(): void {
    this.#floats = undefined;
  }
}
