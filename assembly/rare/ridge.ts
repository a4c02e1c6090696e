// Ridge regression with a Gram matrix, in float64: A = FᵀF + ridge·tr(FᵀF)/n·I has n rows, of which many are nearly the same, and
// the ridge is a millionth. Three kernels: FᵀF, its Cholesky factor L in the same place, and b·A⁻¹ by it.
//
// F [depth, lanes], float32, images as columns. L is packed: row i has i + 1 numbers and begins at number i·(i + 1)/2.
// docs/math.md §9 has the formulas.
import { Buffer } from "../fields";
import { at } from "../simd";
import { RIDGE_ROWS } from "../tiles";

/** Byte address of number `i` of float64s. */
function wide(ptr: usize, i: i32): usize {
  return ptr + ((<usize>i) << 3);
}

/** Byte address of row `i` of a packed triangle. */
function rowOf(ptr: usize, i: i32): usize {
  return wide(ptr, (i * (i + 1)) >> 1);
}

function splat(ptr: usize): v128 {
  return f64x2.splat(<f64>load<f32>(ptr));
}

/** Stores those of the four numbers (low, high) of row i from column j on that lie in the triangle. */
function storeRow(gram: usize, i: i32, j: i32, low: v128, high: v128): void {
  const to = wide(rowOf(gram, i), j);
  const count = i - j + 1;
  if (count > 0) store<f64>(to, f64x2.extract_lane(low, 0));
  if (count > 1) store<f64>(to, f64x2.extract_lane(low, 1), 8);
  if (count > 2) store<f64>(to, f64x2.extract_lane(high, 0), 16);
  if (count > 3) store<f64>(to, f64x2.extract_lane(high, 1), 24);
}

@unmanaged
export class GramJob {
  gram: Buffer;
  features: Buffer;
  depth: i32;
  images: i32;
  lanes: i32;
}

/** FᵀF, its lower triangle; each sum in order of the features. A tile is RIDGE_ROWS rows. */
export function gram(job: GramJob, begin: i32, end: i32): void {
  const features = job.features;
  const images = job.images;
  const stride = (<usize>job.lanes) << 2;
  const bytes = <usize>job.depth * stride;
  for (let tile = begin; tile < end; tile++) {
    const i = tile * RIDGE_ROWS;
    const second = min(i + 1, images - 1);
    for (let j = 0; j <= second; j += 4) {
      let low0 = f64x2.splat(0);
      let high0 = f64x2.splat(0);
      let low1 = f64x2.splat(0);
      let high1 = f64x2.splat(0);
      for (let d: usize = 0; d < bytes; d += stride) {
        const row = features + d;
        const four = v128.load(at(row, j));
        const low = f64x2.promote_low_f32x4(four);
        const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3));
        const a = splat(at(row, i));
        low0 = f64x2.add(low0, f64x2.mul(a, low));
        high0 = f64x2.add(high0, f64x2.mul(a, high));
        const b = splat(at(row, second));
        low1 = f64x2.add(low1, f64x2.mul(b, low));
        high1 = f64x2.add(high1, f64x2.mul(b, high));
      }
      storeRow(job.gram, i, j, low0, high0);
      if (second > i) storeRow(job.gram, second, j, low1, high1);
    }
  }
}

/** Σ a[k]·b[k] over n numbers: those at even and those at odd places in order, then the two sums. */
function dotWide(a: usize, b: usize, n: i32): f64 {
  let pair = f64x2.splat(0);
  let k = 0;
  for (; k + 2 <= n; k += 2) pair = f64x2.add(pair, f64x2.mul(v128.load(wide(a, k)), v128.load(wide(b, k))));
  const sum = f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
  return k < n ? sum + load<f64>(wide(a, k)) * load<f64>(wide(b, k)) : sum;
}

@unmanaged
export class CholeskyJob {
  /** The triangle of FᵀF, and then L. */
  factor: Buffer;
  images: i32;
  /** The two halves of the bits of ridge, a float64. */
  ridgeLow: u32;
  ridgeHigh: u32;
}

/** L·Lᵀ = FᵀF + ridge·tr(FᵀF)/n·I, row by row (Cholesky, Banachiewicz). A job of one tile. */
export function cholesky(job: CholeskyJob, begin: i32, end: i32): void {
  if (begin >= end) return;
  const factor = job.factor;
  const images = job.images;
  let trace: f64 = 0;
  for (let i = 0; i < images; i++) trace += load<f64>(wide(rowOf(factor, i), i));
  const ridge = reinterpret<f64>(((<u64>job.ridgeHigh) << 32) | <u64>job.ridgeLow);
  const added = (ridge * trace) / <f64>images;
  for (let i = 0; i < images; i++) {
    const row = rowOf(factor, i);
    for (let j = 0; j < i; j++) {
      const other = rowOf(factor, j);
      const rest = load<f64>(wide(row, j)) - dotWide(row, other, j);
      store<f64>(wide(row, j), rest / load<f64>(wide(other, j)));
    }
    store<f64>(wide(row, i), sqrt<f64>(load<f64>(wide(row, i)) + added - dotWide(row, row, i)));
  }
}

@unmanaged
export class RidgeSolveJob {
  out: Buffer;
  /** A row of float64s for each row of b. */
  workspace: Buffer;
  factor: Buffer;
  b: Buffer;
  images: i32;
  lanes: i32;
}

/** Each row of out = that of b times A⁻¹: L·y = b, then Lᵀ·out = y. Padding lanes are 0. A tile is a row. */
export function ridgeSolve(job: RidgeSolveJob, begin: i32, end: i32): void {
  const factor = job.factor;
  const images = job.images;
  const lanes = job.lanes;
  for (let r = begin; r < end; r++) {
    const y = wide(job.workspace, r * images);
    const from = at(job.b, r * lanes);
    for (let i = 0; i < images; i++) {
      const row = rowOf(factor, i);
      const rest = <f64>load<f32>(at(from, i)) - dotWide(row, y, i);
      store<f64>(wide(y, i), rest / load<f64>(wide(row, i)));
    }
    for (let i = images - 1; i >= 0; i--) {
      const row = rowOf(factor, i);
      const value = load<f64>(wide(y, i)) / load<f64>(wide(row, i));
      store<f64>(wide(y, i), value);
      for (let k = 0; k < i; k++) store<f64>(wide(y, k), load<f64>(wide(y, k)) - load<f64>(wide(row, k)) * value);
    }
    const to = at(job.out, r * lanes);
    for (let i = 0; i < images; i++) store<f32>(at(to, i), <f32>load<f64>(wide(y, i)));
    for (let i = images; i < lanes; i++) store<f32>(at(to, i), 0);
  }
}
