// Philox4x32-10: random numbers that are a pure function of a key and a counter (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", 2011).
type Words4 = readonly [number, number, number, number];

const rounds = 10;
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** Returns ⌊a·b / 2³²⌋ for two unsigned 32-bit words; a double cannot hold the whole product. */
export function multiplyHigh(a: number, b: number): number {
  return highWord(a, b) >>> 0;
}

/**
 * The same as a signed word, from the products of 16-bit halves: Philox stays within 32-bit integers, which takes a sixth of
 * the time of BigInt.
 */
function highWord(a: number, b: number): number {
  const lowA = a & 0xffff;
  const highA = a >>> 16;
  const lowB = b & 0xffff;
  const highB = b >>> 16;
  const low = Math.imul(lowA, lowB);
  const middle = Math.imul(highA, lowB);
  const other = Math.imul(lowA, highB);
  const carry = (low >>> 16) + (middle & 0xffff) + (other & 0xffff);
  return (Math.imul(highA, highB) + (middle >>> 16) + (other >>> 16) + (carry >>> 16)) | 0;
}

/** Returns one block of four draws, as unsigned 32-bit words. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  const block = new Uint32Array(counter);
  encrypt(block, 0, key);
  return [block[0]!, block[1]!, block[2]!, block[3]!];
}

/** Returns the four draws of block `block` for `position`, each from 0 up to, not including, 1, in steps of 2⁻³². */
export function uniforms(
  { seed, stream }: RandomKey,
  position: number,
  block: number,
): [number, number, number, number] {
  const words = philox4x32([position >>> 0, block, stream >>> 0, 0], [seed[0] >>> 0, seed[1] >>> 0]);
  return words.map((word) => word / 2 ** 32) as [number, number, number, number];
}

/** Replaces the counter in words[at … at + 3] by its four draws. */
function encrypt(words: Uint32Array, at: number, [seed0, seed1]: readonly [number, number]): void {
  let c0 = words[at]! | 0;
  let c1 = words[at + 1]! | 0;
  let c2 = words[at + 2]! | 0;
  let c3 = words[at + 3]! | 0;
  let k0 = seed0 | 0;
  let k1 = seed1 | 0;
  for (let round = 0; round < rounds; round++) {
    const high0 = highWord(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0);
    const high1 = highWord(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + weyl0) | 0;
    k1 = (k1 + weyl1) | 0;
  }
  words[at] = c0;
  words[at + 1] = c1;
  words[at + 2] = c2;
  words[at + 3] = c3;
}

/** Returns draws 0 … n−1 of a stream. */
export function draws(n: number, { seed, stream }: RandomKey): Uint32Array {
  const blocks = Math.ceil(n / 4);
  const words = new Uint32Array(4 * blocks);
  for (let block = 0; block < blocks; block++) {
    words[4 * block] = block;
    words[4 * block + 2] = stream;
    encrypt(words, 4 * block, seed);
  }
  return words.subarray(0, n);
}

/**
 * Names one stream of random numbers: draw i is a pure function of (seed, stream, i), so streams never disturb one
 * another and any part of one can be made again. Philox4x32-10 (Salmon et al. 2011) with key = seed and counter =
 * [block, 0, stream, 0]; block b gives draws 4b … 4b + 3.
 */
export interface RandomKey {
  /** Two words of 32 bits: the Philox key. */
  readonly seed: readonly [number, number];
  readonly stream: number;
}
