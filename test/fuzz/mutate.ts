// Makes bad files out of good ones. A mutant is a pure function of seed, reader and number, so any of them can be made again.
import { philox4x32 } from "../../src/numeric/philox.ts";

/** A good file, or a part of one that `wrap` turns into a file: what is packed or has a checksum is changed before that. */
export interface Seed {
  readonly bytes: Uint8Array;
  readonly wrap?: (payload: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** No mutant is longer, before it is wrapped. */
const longest = 2 ** 18;

const tellingBytes: readonly number[] = [
  ...[0, 1, 2, 7, 8, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x28, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x39, 0x3a],
  ...[0x3c, 0x3e, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xd0, 0xd8, 0xd9, 0xda, 0xed, 0xfe, 0xff],
];
const tellingNumbers: readonly string[] = [
  ...["0", "-0", "-1", "1", "00", "1.5", "1e999", "-1e999", "1e-400", "NaN", "Infinity", "0x10", "null"],
  ...["255", "256", "257", "65535", "65536", "99999", "2147483647", "2147483648", "4294967295", "4294967296"],
  ...["9007199254740991", "9007199254740993", "99999999999999999999999", `1${"0".repeat(400)}`],
];
const tokens: readonly string[] = [
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "__metadata__",
    "metadata",
    "../",
    "/",
    "\\",
    "..",
    "C:",
  ],
  ...[
    "\u202e",
    "\u2028",
    "\ud800",
    "\ufeff",
    "\0",
    "\x1b[2J",
    "\r\n",
    "\n",
    "\t",
    " ",
    '"',
    "'",
    ",",
    ":",
    "<",
    "</",
    ">",
  ],
  ...["<!--", "-->", "<![CDATA[", "<!DOCTYPE x>", "&lt;", "&x;", "<?", "[", "[]", "]", "{", "{}", "}", "true", "null"],
  ...[
    "NaN",
    '"a":1,',
    "module.",
    "./",
    "images",
    "labels",
    "x_train",
    "train/",
    "test/",
    ".png",
    ".jpg",
    ".npy",
    ".csv",
  ],
];
const words: readonly number[] = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** Draws for one mutant. */
export class Chance {
  readonly #key: readonly [number, number];
  readonly #case: number;
  #words: readonly number[] = [];
  #block = 0;

  constructor(seed: number, reader: string, number: number) {
    // FNV-1a of the reader's name; Philox does the mixing.
    let hash = 0x811c9dc5;
    for (const char of reader) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
    this.#key = [seed >>> 0, hash];
    this.#case = number;
  }

  /** Returns a whole number from 0 to n − 1. */
  below(n: number): number {
    const at = this.#block++ % 4;
    if (at === 0) this.#words = philox4x32([this.#block >>> 2, this.#case, 0, 0], this.#key);
    return this.#words[at]! % Math.max(1, n);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Returns mutant `number` of the seeds, as a file. */
export async function mutant(
  seeds: readonly Seed[],
  seed: number,
  reader: string,
  number: number,
): Promise<Uint8Array> {
  const chance = new Chance(seed, reader, number);
  const chosen = chance.of(seeds);
  const mates = seeds.filter(({ wrap }) => wrap === chosen.wrap);
  let bytes = chosen.bytes.slice();
  let changes = 1;
  while (changes < 12 && chance.below(2) === 0) changes++;
  for (; changes > 0; changes--) bytes = changed(bytes, chance.of(mates).bytes, chance).slice(0, longest);
  return chosen.wrap ? chosen.wrap(bytes) : bytes;
}

type Change = (bytes: Uint8Array, other: Uint8Array, chance: Chance) => Uint8Array;

function changed(bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  return chance.of(changes)(bytes, other, chance);
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + by.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(by, from);
  out.set(bytes.subarray(to), from + by.length);
  return out;
}

/** Returns where a part of the bytes begins and ends: mostly a few bytes, sometimes any number. */
function part(bytes: Uint8Array, chance: Chance): [from: number, to: number] {
  const from = chance.below(bytes.length + 1);
  const size = 1 + chance.below(chance.below(4) === 0 ? bytes.length : 12);
  return [from, Math.min(bytes.length, from + size)];
}

const encoder = new TextEncoder();

const changes: readonly Change[] = [
  // These three stand here twice, because the least change goes deepest into a reader.
  flipBit,
  flipBit,
  telling,
  telling,
  word,
  word,
  (bytes, _, chance) => bytes.slice(0, chance.below(bytes.length + 1)),
  (bytes, _, chance) => replaced(bytes, ...part(bytes, chance), new Uint8Array()),
  (bytes, _, chance) => {
    const [from, to] = part(bytes, chance);
    return replaced(bytes, to, to, bytes.subarray(from, to));
  },
  (bytes, other, chance) => {
    // A beginning of the one and an end of the other.
    const at = chance.below(other.length + 1);
    return replaced(
      bytes,
      Math.min(bytes.length, chance.of([at, chance.below(bytes.length + 1)])),
      bytes.length,
      other.subarray(at),
    );
  },
  (bytes, other, chance) => {
    const [from, to] = part(other, chance);
    return replaced(bytes, ...part(bytes, chance), other.subarray(from, to));
  },
  (bytes, _, chance) => {
    const [from, to] = part(bytes, chance);
    return bytes.copyWithin(chance.below(bytes.length), from, to);
  },
  (bytes, _, chance) => bytes.fill(chance.of(tellingBytes), ...part(bytes, chance)),
  (bytes, _, chance) => {
    const at = chance.below(bytes.length + 1);
    return replaced(bytes, at, at, encoder.encode(chance.of(tokens)));
  },
  (bytes, _, chance) => replaced(bytes, ...part(bytes, chance), encoder.encode(chance.of(tokens))),
  digits,
  digits,
  many,
];

function flipBit(bytes: Uint8Array, _: Uint8Array, chance: Chance): Uint8Array {
  if (bytes.length > 0) bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8);
  return bytes;
}

function telling(bytes: Uint8Array, _: Uint8Array, chance: Chance): Uint8Array {
  if (bytes.length > 0) bytes[chance.below(bytes.length)] = chance.of(tellingBytes);
  return bytes;
}

/** Writes an extreme number, a length or a neighbour of one, over 1 to 8 bytes, in either order. */
function word(bytes: Uint8Array, _: Uint8Array, chance: Chance): Uint8Array {
  const size = chance.of([1, 2, 4, 4, 8]);
  const at = chance.below(bytes.length);
  const value =
    chance.of([chance.of(words), bytes.length - at, bytes.length, bytes.length - 1, bytes.length + 1]) >>> 0;
  const little = chance.below(2) === 0;
  for (let i = 0; i < size && at + i < bytes.length; i++) {
    const place = little ? i : size - 1 - i;
    bytes[at + i] = place < 4 ? value >>> (8 * place) : 0;
  }
  return bytes;
}

/** Replaces a number in a text. */
function digits(bytes: Uint8Array, _: Uint8Array, chance: Chance): Uint8Array {
  const isDigit = (at: number): boolean => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
  let from = chance.below(bytes.length);
  for (let tries = 0; tries < 256 && from < bytes.length && !isDigit(from); tries++) from++;
  let to = from;
  while (to < bytes.length && isDigit(to)) to++;
  return replaced(bytes, from, to, encoder.encode(chance.of(tellingNumbers)));
}

/** Repeats a part many times: nesting, long lists, long names. */
function many(bytes: Uint8Array, _: Uint8Array, chance: Chance): Uint8Array {
  const [from, to] = part(bytes, chance);
  const unit = chance.below(2) === 0 ? encoder.encode(chance.of(tokens)) : bytes.slice(from, to);
  if (unit.length === 0) return bytes;
  const most = Math.min(longest, chance.of([256, 4096, 65_536]));
  const crowd = Buffer.alloc(unit.length * (1 + chance.below(Math.ceil(most / unit.length))), unit);
  return replaced(bytes, from, from, crowd);
}
