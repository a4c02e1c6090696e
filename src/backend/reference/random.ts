// Random numbers, reference: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// 2011) and the distributions made of its draws.

import type { Ops, RandomKey } from "../backend.ts";
import type { Memory } from "./memory.ts";

type Words4 = readonly [number, number, number, number];

const rounds = 10;
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** ⌊a·b / 2³²⌋ of two unsigned 32-bit words; a double cannot hold the whole product. */
export function multiplyHigh(a: number, b: number): number {
  return Number((BigInt(a) * BigInt(b)) >> 32n);
}

/** One block of four draws, unsigned 32-bit words. */
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

/** Draws 0 … n−1 of a stream. */
export function draws(n: number, { seed, stream }: RandomKey): Uint32Array {
  const out = new Uint32Array(n);
  for (let block = 0; 4 * block < n; block++) {
    const words = philox4x32([block, 0, stream >>> 0, 0], [seed[0] >>> 0, seed[1] >>> 0]);
    for (let k = 0; k < 4 && 4 * block + k < n; k++) out[4 * block + k] = words[k]!;
  }
  return out;
}

export function randomOps(memory: Memory): Pick<Ops, "uniform" | "normal" | "permutation" | "dropoutMask"> {
  return {
    uniform(out, n, key, low, high) {
      const f = memory.floats;
      const draw = draws(n, key);
      for (let i = 0; i < n; i++) f[out + i] = low + ((high - low) * (draw[i]! >>> 8)) / 2 ** 24;
    },

    normal(out, n, key, mean, std) {
      const f = memory.floats;
      const draw = draws(n + (n % 2), key);
      for (let i = 0; i < n; i += 2) {
        const r = Math.sqrt(-2 * Math.log(((draw[i]! >>> 8) + 1) / 2 ** 24));
        const phi = (2 * Math.PI * (draw[i + 1]! >>> 8)) / 2 ** 24;
        f[out + i] = mean + std * r * Math.cos(phi);
        if (i + 1 < n) f[out + i + 1] = mean + std * r * Math.sin(phi);
      }
    },

    permutation(out, n, key) {
      const f = memory.floats;
      const draw = draws(n, key);
      for (let i = 0; i < n; i++) f[out + i] = i;
      for (let i = n - 1; i >= 1; i--) {
        const j = multiplyHigh(draw[i]!, i + 1);
        const swapped = f[out + i]!;
        f[out + i] = f[out + j]!;
        f[out + j] = swapped;
      }
    },

    dropoutMask(out, n, key, p) {
      const f = memory.floats;
      const draw = draws(n, key);
      for (let i = 0; i < n; i++) f[out + i] = (draw[i]! >>> 8) / 2 ** 24 < p ? 0 : 1 / (1 - p);
    },
  };
}
