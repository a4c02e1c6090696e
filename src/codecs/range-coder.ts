// An adaptive binary range coder, as LZMA's: each bit costs what its probability says, which is learned from the bits before it.
// All of it is arithmetic of integers, so the bytes are the same on every host, and a reader takes no memory but its tables.
import { FormatError } from "../errors.ts";

/** For each place of a tree of bits: the chance that the bit is 0, in 2^22ths, above ten bits of how often it came. */
export type Chances = Uint32Array<ArrayBuffer>;

/** The first bits at a place move its chance by much, later ones by a part in this many. */
const mostSeen = 80;
/** No bit is taken for surer than this, in 2^12ths, on either side: so none costs less than 0.0113 bits. */
const surest = 32;
/** The range is kept above this, so that it can be divided. */
const least = 2 ** 24;

/** How many bits one byte can hold at most: 8 / −log2(1 − 32 / 2^12), rounded up. */
export const mostBitsPerByte = 706;

/** Makes room for `contexts` trees of values of so many bits, every bit as likely 0 as 1. */
export function chances(contexts: number, bits: number): Chances {
  return new Uint32Array(contexts << bits).fill(2 ** 31);
}

/** What writes and what reads have in common, so that a format is said once: a writer is given values, a reader gives them. */
export interface RangeCoder {
  /** Codes a value of so many bits by the tree number `context`. A reader ignores `value`. */
  code(tree: Chances, context: number, bits: number, value: number): number;
}

/** Writes values. */
export class RangeWriter implements RangeCoder {
  readonly #bytes: number[] = [];
  #low = 0;
  #range = 2 ** 32 - 1;
  /** The last byte that is known but for a carry, and how many bytes of 255 follow it. */
  #held = 0;
  #waiting = 1;

  code(tree: Chances, context: number, bits: number, value: number): number {
    const root = context << bits;
    for (let node = 1, i = bits - 1; i >= 0; i--) {
      const bit = (value >> i) & 1;
      const bound = boundOf(this.#range, tree[root + node]!);
      if (bit === 0) this.#range = bound;
      else {
        this.#low += bound;
        this.#range -= bound;
      }
      learn(tree, root + node, bit);
      while (this.#range < least) {
        this.#range *= 256;
        this.#shift();
      }
      node = 2 * node + bit;
    }
    return value;
  }

  /** Returns all bytes; nothing can be written after that. */
  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    // The first byte is that of the carries, of which there is none: the number stays below 1.
    return Uint8Array.from(this.#bytes).subarray(1);
  }

  /** Hands out the highest of five bytes of `low`, once a carry cannot change it any more. */
  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= 2 ** 32) {
      const carry = this.#low >= 2 ** 32 ? 1 : 0;
      for (; this.#waiting > 0; this.#waiting--) {
        this.#bytes.push((this.#held + carry) & 255);
        this.#held = 255;
      }
      this.#held = Math.floor(this.#low / 2 ** 24) & 255;
    }
    this.#waiting++;
    this.#low = (this.#low % 2 ** 24) * 256;
  }
}

/** Reads what a `RangeWriter` wrote, value by value, with the same trees and contexts. */
export class RangeReader implements RangeCoder {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;
  #range = 2 ** 32 - 1;
  #offset = 0;

  /** @throws FormatError that names the bytes if they are too few to begin with. */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
    for (let i = 0; i < 4; i++) this.#offset = this.#offset * 256 + this.#next();
  }

  /** @throws FormatError at the end of the bytes. */
  code(tree: Chances, context: number, bits: number): number {
    const root = context << bits;
    let node = 1;
    for (let i = 0; i < bits; i++) {
      const bound = boundOf(this.#range, tree[root + node]!);
      const bit = this.#offset < bound ? 0 : 1;
      if (bit === 0) this.#range = bound;
      else {
        this.#offset -= bound;
        this.#range -= bound;
      }
      learn(tree, root + node, bit);
      while (this.#range < least) {
        this.#range *= 256;
        this.#offset = this.#offset * 256 + this.#next();
      }
      node = 2 * node + bit;
    }
    return node - (1 << bits);
  }

  /** @throws FormatError unless all bytes have been read. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new FormatError(`${this.#name}: expected its end after ${this.#at} bytes, got ${left} more`);
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new FormatError(`${this.#name}: expected more than its ${this.#bytes.length} bytes`);
    return byte;
  }
}

/** Returns the part of the range that stands for a 0. */
function boundOf(range: number, entry: number): number {
  return Math.floor(range / 2 ** 12) * Math.min(2 ** 12 - surest, Math.max(surest, entry >>> 20));
}

function learn(tree: Chances, at: number, bit: number): void {
  const entry = tree[at]!;
  const [chance, seen] = [entry >>> 10, entry & 1023];
  const aim = bit === 0 ? 2 ** 22 - 1 : 0;
  const moved = chance + Math.trunc((aim - chance) / (seen + 1.5));
  tree[at] = moved * 1024 + Math.min(mostSeen, seen + 1);
}
