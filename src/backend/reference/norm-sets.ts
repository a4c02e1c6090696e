// The sets that the norms of the reference go over, and how their values are read and written.
import { type Buffer, none, type OptionalBuffer } from "../buffer.ts";
import type { NormShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

export interface NormSet {
  /** Offsets in an activation [channels, area, B]. */
  readonly members: readonly number[];
  /** Offsets of the set's lanes in rows [groups, B]. */
  readonly lanes: readonly number[];
}

/** Returns every set of real images. */
export function setsOf({ channels, groups, area, images, lanes, acrossImages }: NormShape): NormSet[] {
  const real = Array.from({ length: images }, (_, image) => image);
  const imagesOfSets = acrossImages ? [real] : real.map((image) => [image]);
  const positions = (channels / groups) * area;
  return imagesOfSets.flatMap((imagesOfSet) =>
    Array.from({ length: groups }, (_, group) => {
      const members: number[] = [];
      for (let p = group * positions; p < (group + 1) * positions; p++) {
        for (const image of imagesOfSet) members.push(p * lanes + image);
      }
      return { members, lanes: imagesOfSet.map((image) => group * lanes + image) };
    }),
  );
}

export function mean({ members }: NormSet, value: (member: number) => number): number {
  let sum = 0;
  for (const member of members) sum += value(member);
  return sum / members.length;
}

/** The operands of one op on norms. An operand that is left out reads as zeros and is not written. */
export class NormOperands {
  readonly #memory: Memory;
  readonly #shape: NormShape;

  constructor(memory: Memory, shape: NormShape) {
    this.#memory = memory;
    this.#shape = shape;
  }

  /** A reader of values by their offset in an activation. */
  activation(x: OptionalBuffer): (i: number) => number {
    if (x === none) return () => 0;
    const { floats } = this.#memory;
    return (i) => floats[x + i]!;
  }

  /** The same for parameters [channels], which activations see by their channel. */
  perChannel(values: OptionalBuffer, otherwise: number): (i: number) => number {
    if (values === none) return () => otherwise;
    const { floats } = this.#memory;
    const plane = this.#shape.area * this.#shape.lanes;
    return (i) => floats[values + Math.floor(i / plane)]!;
  }

  /** Two numbers of a set, from rows [2·groups, B]. */
  readPair(rows: OptionalBuffer, set: NormSet): [number, number] {
    if (rows === none) return [0, 0];
    const { groups, lanes } = this.#shape;
    const first = rows + set.lanes[0]!;
    return [this.#memory.floats[first]!, this.#memory.floats[first + groups * lanes]!];
  }

  /** Puts two numbers of a set there, for each of its lanes. */
  writePair(rows: OptionalBuffer, set: NormSet, pair: [number, number]): void {
    if (rows === none) return;
    const { groups, lanes } = this.#shape;
    for (const lane of set.lanes) {
      this.#memory.floats[rows + lane] = pair[0];
      this.#memory.floats[rows + lane + groups * lanes] = pair[1];
    }
  }

  /** Zeros an output. */
  clear(out: OptionalBuffer, n: number): void {
    if (out !== none) this.#memory.floats.fill(0, out, out + n);
  }

  /** Adds a value to the sum of a member's channel and lane, in rows [channels, B]. */
  addToLane(rows: Buffer, member: number, value: number): void {
    const { area, lanes } = this.#shape;
    this.#memory.floats[rows + Math.floor(member / (area * lanes)) * lanes + (member % lanes)]! += value;
  }
}
