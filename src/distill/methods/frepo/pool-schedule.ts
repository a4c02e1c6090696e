// Which networks of the pool each outer step uses, and how old they are then. Everything follows from the seed and the number of
// the step, so a run that goes on needs no more than that number (docs/math.md §9).
import type { RandomKey } from "../../../numeric/philox.ts";
import { randomOrder } from "../../../numeric/random.ts";

/** A network of the pool in an outer step. */
export interface PoolUse {
  /** Its place in the pool. */
  readonly place: number;
  /** The gradient steps that it has taken since it was new. */
  readonly taken: number;
  /** Whether it begins anew after the outer step, in the place of a gradient step. */
  readonly isOld: boolean;
}

export interface PoolOptions {
  readonly poolSize: number;
  /** A network that has taken more gradient steps is old. */
  readonly maxAge: number;
  /** Networks that an outer step uses, all different. */
  readonly perStep: number;
  /** The stream of a step, which draws them. */
  readonly key: (step: number) => RandomKey;
}

export class PoolSchedule {
  readonly #options: PoolOptions;
  /** Before step `#step`: the gradient steps of each network, and the years that it was given when the pool began. */
  #taken: number[] = [];
  #given: number[] = [];
  #step = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#begin();
  }

  /** Returns the networks of an outer step, counted from 0. For a step that was passed it goes through all before it again. */
  at(step: number): readonly PoolUse[] {
    if (step < this.#step) this.#begin();
    for (; this.#step < step; this.#step++) {
      for (const { place, taken, isOld } of this.#drawn()) {
        this.#taken[place] = isOld ? 0 : taken + 1;
        if (isOld) this.#given[place] = 0;
      }
    }
    return this.#drawn();
  }

  #drawn(): readonly PoolUse[] {
    const { poolSize, perStep, maxAge, key } = this.#options;
    return randomOrder(poolSize, perStep, key(this.#step)).map((place) => {
      const taken = this.#taken[place]!;
      return { place, taken, isOld: taken + this.#given[place]! > maxAge };
    });
  }

  /** All networks are new, and count as older by equal distances, so that they do not begin anew all at once. */
  #begin(): void {
    const { poolSize, maxAge } = this.#options;
    this.#taken = Array.from({ length: poolSize }, () => 0);
    this.#given = Array.from({ length: poolSize }, (_, place) => Math.floor((place * maxAge) / poolSize));
    this.#step = 0;
  }
}
