// What the four passes of normalisation (norm.ts) have in common: their tiles, and rows [batch] that hold a number of each
// lane's set.
import { at, madd } from "./simd";

/** Lanes of a tile. */
export const LANES: i32 = 32;

/** Tiles of a group. */
export function tilesOf(batch: i32, across: i32): i32 {
  return across ? 1 : (batch + LANES - 1) / LANES;
}

/** γ of channel c, 1 where there is none. */
export function gammaOf(weight: usize, c: i32): f32 {
  return weight ? load<f32>(at(weight, c)) : 1;
}

/** The c-th of `values`, 0 where there are none. */
export function valueOf(values: usize, c: i32): f32 {
  return values ? load<f32>(at(values, c)) : 0;
}

/**
 * Sums of lanes into means of their sets: row[lane] /= n, or where sets go across images, Σ row / n of the `real` lanes
 * in each.
 */
export function average(row: usize, lanes: i32, real: i32, n: f64, across: i32): void {
  if (!across) {
    const count = f32x4.splat(<f32>n);
    for (let i = 0; i < lanes; i += 4) v128.store(at(row, i), f32x4.div(v128.load(at(row, i)), count));
    return;
  }
  let total: f64 = 0;
  for (let i = 0; i < real; i++) total += <f64>load<f32>(at(row, i));
  const mean = f32x4.splat(<f32>(total / n));
  for (let i = 0; i < lanes; i += 4) v128.store(at(row, i), mean);
}

/** 1 / √(row + eps) in the first `real` lanes, 0 in the others */
export function invertRoot(row: usize, lanes: i32, real: i32, eps: f32): void {
  const one = f32x4.splat(1);
  for (let i = 0; i < lanes; i += 4) {
    const s = f32x4.div(one, f32x4.sqrt(f32x4.add(v128.load(at(row, i)), f32x4.splat(eps))));
    const isReal = i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(real));
    v128.store(at(row, i), v128.and(s, isReal));
  }
}

/** row[lane] (+)= a·x[lane] + b·y[lane] */
export function combine(row: usize, lanes: i32, add: bool, a: f32, x: usize, b: f32, y: usize): void {
  for (let i = 0; i < lanes; i += 4) {
    const sum = madd(f32x4.mul(f32x4.splat(a), v128.load(at(x, i))), f32x4.splat(b), v128.load(at(y, i)));
    v128.store(at(row, i), add ? f32x4.add(v128.load(at(row, i)), sum) : sum);
  }
}
