// Philox4x32-10 (Salmon et al., SC11): draw i is a pure function of (seed, stream, i), with key = seed and counter =
// [block, 0, stream, 0]; block b gives draws 4b … 4b + 3. `normal` spends draws 2k and 2k + 1 on its values 2k and 2k + 1.
// A tile is BLOCK floats.
import { cos2PiPs, logPs, sin2PiPs } from "./math";
import { at, BLOCK, madd, storePartial } from "./simd";
import { lastOf } from "./vector";

/** The four draws of one block. */
export function philox(block: i32, seed0: u32, seed1: u32, stream: u32): v128 {
  const zero = i32x4.splat(0);
  const multipliers = i32x4(<i32>0xd2511f53, <i32>0xcd9e8d57, 0, 0);
  const weyl = i32x4(<i32>0x9e3779b9, <i32>0xbb67ae85, 0, 0);
  let key = i32x4(<i32>seed0, <i32>seed1, 0, 0);
  // The counter in the order c0, c2, c1, c3, so that the two words to multiply are the low ones.
  let c = i32x4(block, <i32>stream, 0, 0);
  for (let round = 0; round < 10; round++) {
    // lo0, hi0, lo1, hi1 of c0·M0 and c2·M1; then c0, c2, c1, c3 ← hi1 ^ c1 ^ k0, hi0 ^ c3 ^ k1, lo1, lo0
    const product = i64x2.extmul_low_i32x4_u(c, multipliers);
    c = v128.xor(i32x4.shuffle(product, product, 3, 1, 2, 0), v128.xor(i64x2.shuffle(c, zero, 1, 2), key));
    key = i32x4.add(key, weyl);
  }
  return i32x4.shuffle(c, c, 0, 2, 1, 3);
}

/** The top 24 bits of each draw, as a whole number. */
function top24(draws: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.shr_u(draws, 8));
}

/** Stores v at out[i …], as far as `last`. */
function storeUpTo(out: usize, i: i32, last: i32, v: v128): void {
  const count = last - i;
  if (count >= 4) v128.store(at(out, i), v);
  else if (count > 0) storePartial(at(out, i), v, count);
}

/** out[i] = low + (high − low)·u, u = (draw i >>> 8) / 2²⁴ */
export function uniform(
  out: usize,
  n: i32,
  seed0: u32,
  seed1: u32,
  stream: u32,
  low: f32,
  high: f32,
  begin: i32,
  end: i32,
): void {
  const last = lastOf(n, end);
  const from = f32x4.splat(low);
  const span = f32x4.splat(high - low);
  for (let i = begin * BLOCK; i < last; i += 4) {
    const u = f32x4.mul(top24(philox(i >> 2, seed0, seed1, stream)), f32x4.splat(1.0 / 16777216.0));
    storeUpTo(out, i, last, madd(from, span, u));
  }
}

/**
 * out[i] ~ N(mean, std²), by Box–Muller on pairs of draws (a, b): r = √(−2 ln u), u = ((a >>> 8) + 1) / 2²⁴,
 * φ = 2π (b >>> 8) / 2²⁴; out[2k] = mean + std·r·cos φ, out[2k+1] = mean + std·r·sin φ
 */
export function normal(
  out: usize,
  n: i32,
  seed0: u32,
  seed1: u32,
  stream: u32,
  mean: f32,
  std: f32,
  begin: i32,
  end: i32,
): void {
  const last = lastOf(n, end);
  const unit = f32x4.splat(1.0 / 16777216.0);
  const centre = f32x4.splat(mean);
  // Two blocks at a time: four pairs.
  for (let i = begin * BLOCK; i < last; i += 8) {
    const first = philox(i >> 2, seed0, seed1, stream);
    const second = philox((i >> 2) + 1, seed0, seed1, stream);
    const a = top24(i32x4.shuffle(first, second, 0, 2, 4, 6));
    const b = top24(i32x4.shuffle(first, second, 1, 3, 5, 7));
    const u = f32x4.mul(f32x4.add(a, f32x4.splat(1)), unit);
    const radius = f32x4.mul(f32x4.splat(std), f32x4.sqrt(f32x4.mul(f32x4.splat(-2), logPs(u))));
    const turn = f32x4.mul(b, unit);
    const x = madd(centre, radius, cos2PiPs(turn));
    const y = madd(centre, radius, sin2PiPs(turn));
    storeUpTo(out, i, last, i32x4.shuffle(x, y, 0, 4, 1, 5));
    storeUpTo(out, i + 4, last, i32x4.shuffle(x, y, 2, 6, 3, 7));
  }
}

/** out[i] = 0 where the top 24 bits of draw i are below `dropped` = ⌈p·2²⁴⌉, which has probability p; else `kept` */
export function dropoutMask(
  out: usize,
  n: i32,
  seed0: u32,
  seed1: u32,
  stream: u32,
  dropped: i32,
  kept: f32,
  begin: i32,
  end: i32,
): void {
  const last = lastOf(n, end);
  const threshold = i32x4.splat(dropped);
  const value = f32x4.splat(kept);
  for (let i = begin * BLOCK; i < last; i += 4) {
    const top = i32x4.shr_u(philox(i >> 2, seed0, seed1, stream), 8);
    storeUpTo(out, i, last, v128.and(value, i32x4.ge_s(top, threshold)));
  }
}
