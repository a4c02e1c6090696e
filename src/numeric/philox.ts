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
  return Number((BigInt(a) * BigInt(b)) >> 32n);
}

/** Returns one block of four draws, as unsigned 32-bit words. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0) >>> 0;
    const high1 = multiplyHigh(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Returns draws 0 … n−1 of a stream. */
export function draws(n: number, { seed, stream }: RandomKey): Uint32Array {
  const out = new Uint32Array(n);
  for (let block = 0; 4 * block < n; block++) {
    const words = philox4x32([block, 0, stream >>> 0, 0], [seed[0] >>> 0, seed[1] >>> 0]);
    for (let k = 0; k < 4 && 4 * block + k < n; k++) out[4 * block + k] = words[k]!;
  }
  return out;
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
