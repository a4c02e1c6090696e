// Vectors of n floats. A tile is BLOCK floats; a call does tiles begin … end − 1.
import { Address, Buffer, Flag } from "./fields";
import { at, hsum, loadPartial, madd, storePartial } from "./simd";
import { BLOCK } from "./tiles";

/** The float after the last one of tiles … end − 1. */
export function lastOf(n: i32, end: i32): i32 {
  return min(n, end * BLOCK);
}

@unmanaged
export class FillJob {
  out: Buffer;
  value: f32;
  n: i32;
}

/** out[i] = value */
export function fill(job: FillJob, begin: i32, end: i32): void {
  const out = job.out;
  const last = lastOf(job.n, end);
  const v = f32x4.splat(job.value);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), v);
  if (i < last) storePartial(at(out, i), v, last - i);
}

@unmanaged
export class CopyJob {
  out: Buffer;
  x: Buffer;
  n: i32;
}

/** out[i] = x[i] */
export function copy(job: CopyJob, begin: i32, end: i32): void {
  const out = job.out;
  const x = job.x;
  const first = begin * BLOCK;
  const last = lastOf(job.n, end);
  if (first < last) memory.copy(at(out, first), at(x, first), (<usize>(last - first)) << 2);
}

@unmanaged
export class ScaleJob {
  out: Buffer;
  alpha: f32;
  x: Buffer;
  n: i32;
}

/** out[i] = alpha·x[i]; out may be x */
export function scale(job: ScaleJob, begin: i32, end: i32): void {
  scaled(job.out, job.alpha, job.x, begin * BLOCK, lastOf(job.n, end));
}

@unmanaged
export class ScaleByJob {
  out: Buffer;
  sign: f32;
  alpha: Buffer;
  x: Buffer;
  n: i32;
}

/** out[i] = (sign·alpha[0])·x[i]; out may be x, but not alpha */
export function scaleBy(job: ScaleByJob, begin: i32, end: i32): void {
  scaled(job.out, job.sign * load<f32>(job.alpha), job.x, begin * BLOCK, lastOf(job.n, end));
}

/** out[i] = alpha·x[i] for i from `i` to before `last` */
function scaled(out: usize, alpha: f32, x: usize, i: i32, last: i32): void {
  const a = f32x4.splat(alpha);
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), f32x4.mul(a, v128.load(at(x, i))));
  const count = last - i;
  if (count > 0) storePartial(at(out, i), f32x4.mul(a, loadPartial(at(x, i), count)), count);
}

@unmanaged
export class AxpyJob {
  out: Buffer;
  y: Buffer;
  alpha: f32;
  x: Buffer;
  n: i32;
}

/** out[i] = y[i] + alpha·x[i]; out may be y or x */
export function axpy(job: AxpyJob, begin: i32, end: i32): void {
  addScaled(job.out, job.y, job.alpha, job.x, begin * BLOCK, lastOf(job.n, end));
}

@unmanaged
export class AxpyByJob {
  out: Buffer;
  y: Buffer;
  sign: f32;
  alpha: Buffer;
  x: Buffer;
  n: i32;
}

/** out[i] = y[i] + (sign·alpha[0])·x[i]; out may be y or x, but not alpha */
export function axpyBy(job: AxpyByJob, begin: i32, end: i32): void {
  addScaled(job.out, job.y, job.sign * load<f32>(job.alpha), job.x, begin * BLOCK, lastOf(job.n, end));
}

/** out[i] = y[i] + alpha·x[i] for i from `i` to before `last` */
export function addScaled(out: usize, y: usize, alpha: f32, x: usize, i: i32, last: i32): void {
  const a = f32x4.splat(alpha);
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), madd(v128.load(at(y, i)), a, v128.load(at(x, i))));
  const count = last - i;
  if (count > 0) {
    const sum = madd(loadPartial(at(y, i), count), a, loadPartial(at(x, i), count));
    storePartial(at(out, i), sum, count);
  }
}

@unmanaged
export class MultiplyJob {
  out: Buffer;
  x: Buffer;
  y: Buffer;
  n: i32;
}

/** out[i] = x[i]·y[i]; out may be x or y */
export function multiply(job: MultiplyJob, begin: i32, end: i32): void {
  const out = job.out;
  const x = job.x;
  const y = job.y;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), f32x4.mul(v128.load(at(x, i)), v128.load(at(y, i))));
  const count = last - i;
  if (count > 0) storePartial(at(out, i), f32x4.mul(loadPartial(at(x, i), count), loadPartial(at(y, i), count)), count);
}

/** The two high floats as doubles. */
function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1));
}

/** acc + a·b, the products of the two low floats, in float64 */
function maddLow(acc: v128, a: v128, b: v128): v128 {
  return f64x2.add(acc, f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)));
}

/** acc + a·b, the products of the two high floats, in float64 */
function maddHigh(acc: v128, a: v128, b: v128): v128 {
  return f64x2.add(acc, f64x2.mul(promoteHigh(a), promoteHigh(b)));
}

@unmanaged
export class DotPartialJob {
  partials: Address;
  x: Buffer;
  y: Buffer;
  n: i32;
  span: i32;
}

/**
 * partials[tile] = Σ x[i]·y[i] over the `span` floats of the tile, in float64: dot products steer the outer loop, and cost
 * little.
 */
export function dotPartial(job: DotPartialJob, begin: i32, end: i32): void {
  const partials = job.partials;
  const x = job.x;
  const y = job.y;
  const n = job.n;
  const span = job.span;
  for (let tile = begin; tile < end; tile++) {
    const last = min(n, (tile + 1) * span);
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let i = tile * span;
    for (; i + 8 <= last; i += 8) {
      const a = v128.load(at(x, i));
      const b = v128.load(at(y, i));
      s0 = maddLow(s0, a, b);
      s1 = maddHigh(s1, a, b);
      const c = v128.load(at(x, i), 16);
      const d = v128.load(at(y, i), 16);
      s2 = maddLow(s2, c, d);
      s3 = maddHigh(s3, c, d);
    }
    if (i + 4 <= last) {
      const a = v128.load(at(x, i));
      const b = v128.load(at(y, i));
      s0 = maddLow(s0, a, b);
      s1 = maddHigh(s1, a, b);
      i += 4;
    }
    if (i < last) {
      const a = loadPartial(at(x, i), last - i);
      const b = loadPartial(at(y, i), last - i);
      s0 = maddLow(s0, a, b);
      s1 = maddHigh(s1, a, b);
    }
    const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    store<f64>(partials + ((<usize>tile) << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

@unmanaged
export class DotFinishJob {
  out: Buffer;
  partials: Address;
  count: i32;
}

/** out[0] = Σ partials, in order, when the tiles of `dotPartial` are done. One tile. */
export function dotFinish(job: DotFinishJob, begin: i32, end: i32): void {
  const partials = job.partials;
  const count = job.count;
  let sum: f64 = 0;
  for (let tile = 0; tile < count; tile++) sum += load<f64>(partials + ((<usize>tile) << 3));
  store<f32>(job.out, <f32>sum);
}

@unmanaged
export class SumJob {
  out: Buffer;
  x: Buffer;
  n: i32;
  accumulate: Flag;
}

/** out[0] (+)= Σ x[i], in order of i, in float64, rounded once at the end. One tile: for a few thousand floats. */
export function sum(job: SumJob, begin: i32, end: i32): void {
  const out = job.out;
  const x = job.x;
  const n = job.n;
  let total: f64 = job.accumulate ? <f64>load<f32>(out) : 0;
  for (let i = 0; i < n; i++) total += <f64>load<f32>(at(x, i));
  store<f32>(out, <f32>total);
}

/** Σ of `vectors` (≤ 256) times four floats, lane by lane: eight sums, added as a tree. */
function sumVectors(x: usize, vectors: i32): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  let i = 8;
  for (; i <= vectors; i += 8, x += 128) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    s4 = f32x4.add(s4, v128.load(x, 64));
    s5 = f32x4.add(s5, v128.load(x, 80));
    s6 = f32x4.add(s6, v128.load(x, 96));
    s7 = f32x4.add(s7, v128.load(x, 112));
  }
  for (i -= 8; i < vectors; i++, x += 16) s0 = f32x4.add(s0, v128.load(x));
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  return f32x4.add(s0, s4);
}

@unmanaged
export class SumRowsJob {
  out: Buffer;
  x: Buffer;
  rows: i32;
  length: i32;
  accumulate: Flag;
}

/**
 * out[r] (+)= Σ_i x[r, i]. x [rows, length]; a tile is one row. Sums of BLOCK floats are added in order, so the rounding
 * error grows with length / BLOCK, not with length.
 */
export function sumRows(job: SumRowsJob, begin: i32, end: i32): void {
  const out = job.out;
  const x = job.x;
  const length = job.length;
  const accumulate = job.accumulate;
  const last = min(job.rows, end);
  for (let row = begin; row < last; row++) {
    const from = x + <usize>row * ((<usize>length) << 2);
    let total = f32x4.splat(0);
    for (let i = 0; i < length; i += BLOCK) {
      total = f32x4.add(total, sumVectors(at(from, i), min(BLOCK, length - i) >> 2));
    }
    const rest = length & 3;
    if (rest) total = f32x4.add(total, loadPartial(at(from, length - rest), rest));
    const sum = hsum(total);
    store<f32>(at(out, row), accumulate ? load<f32>(at(out, row)) + sum : sum);
  }
}
