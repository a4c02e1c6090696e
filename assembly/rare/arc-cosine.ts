// Kernels of infinitely wide ReLU networks (Cho, Saul, NeurIPS 2009; Jacot, Gabriel, Hongler, NeurIPS 2018), in float64: the angle
// between two images that are nearly the same is the root of a difference. docs/math.md §12 has the formulas.
import { Buffer, Flag, OptionalBuffer } from "../fields";
import { at } from "../simd";
import { KERNEL_ROWS } from "../tiles";

const PI: f64 = 3.141592653589793;
/** The variance of biases; that of weights is 2 over the number of inputs. */
const BIAS: f64 = 0.01;
/** Where the squared sine of the angle between two images is no larger, their derivative has no digit left. */
const SAME: f64 = 1e-12;

/** The derivatives of the last `kernelOf` by s and by a. Each thread has variables of its own. */
let slopeS: f64 = 0;
let slopeA: f64 = 0;

/** The angle in [0, π] whose cosine is k/q and whose sine is r/q; q = √(k² + r²) > 0. Error 2.1e-16 of π, 5e-16 of a small angle. */
function angleOf(k: f64, r: f64, q: f64): f64 {
  // The tangent of half the angle, or of half of what it lacks to π; then of a quarter and of an eighth, which is below 0.199.
  let t = r / (q + abs<f64>(k));
  t = t / (1 + sqrt<f64>(1 + t * t));
  t = t / (1 + sqrt<f64>(1 + t * t));
  const z = t * t;
  // atan t = t·Σ (−z)^n / (2n + 1): what follows z¹¹ is below 2⁻⁶⁰.
  let sum: f64 = 1.0 / 21.0 - z * (1.0 / 23.0);
  sum = 1.0 / 19.0 - z * sum;
  sum = 1.0 / 17.0 - z * sum;
  sum = 1.0 / 15.0 - z * sum;
  sum = 1.0 / 13.0 - z * sum;
  sum = 1.0 / 11.0 - z * sum;
  sum = 1.0 / 9.0 - z * sum;
  sum = 1.0 / 7.0 - z * sum;
  sum = 1.0 / 5.0 - z * sum;
  sum = 1.0 / 3.0 - z * sum;
  const angle = 8 * t * (1 - z * sum);
  return k < 0 ? PI - angle : angle;
}

/** κ of s = Σ(x, y), a = Σ(x, x) and b = Σ(y, y), and its derivatives into slopeS and slopeA. */
function kernelOf(s: f64, a: f64, b: f64, depth: i32, tangent: bool): f64 {
  // Σ of this layer and its derivatives by s and a, and Θ and its own.
  let k = s;
  let ks: f64 = 1;
  let ka: f64 = 0;
  let t = s;
  let ts: f64 = 1;
  let ta: f64 = 0;
  for (let layer = 0; layer < depth; layer++) {
    const ab = a * b;
    const square = max<f64>(ab - k * k, 0);
    const r = sqrt<f64>(square);
    const angle = angleOf(k, r, sqrt<f64>(ab));
    const open = 1 - angle / PI;
    const steep: f64 = square > SAME * ab ? t / (PI * r) : 0;
    const before = ka;
    ka = open * ka + r / (2 * PI * a);
    ta = ka + open * ta + steep * (before - k / (2 * a));
    ts = open * ks + open * ts + steep * ks;
    ks = open * ks;
    k = k + (r - angle * k) / PI + BIAS;
    t = k + open * t;
    a += BIAS;
    b += BIAS;
  }
  slopeS = tangent ? ts : ks;
  slopeA = tangent ? ta : ka;
  return tangent ? t : k;
}

function splat(ptr: usize): v128 {
  return f64x2.splat(<f64>load<f32>(ptr));
}

@unmanaged
export class ArcCosineJob {
  k: Buffer;
  /** [lanes, yLanes], as k. */
  ds: OptionalBuffer;
  da: OptionalBuffer;
  x: Buffer;
  y: Buffer;
  features: i32;
  images: i32;
  lanes: i32;
  yImages: i32;
  yLanes: i32;
  depth: i32;
  tangent: Flag;
}

/** Stores κ and its derivatives at row i and column j; 0 in padding and beyond it. */
function put(job: ArcCosineJob, i: i32, j: i32, xy: f64, xx: f64, yy: f64): void {
  if (j >= job.yLanes) return;
  const place = i * job.yLanes + j;
  let value: f64 = 0;
  slopeS = 0;
  slopeA = 0;
  if (i < job.images && j < job.yImages) {
    const weight = 2.0 / <f64>job.features;
    value = kernelOf(weight * xy + BIAS, weight * xx + BIAS, weight * yy + BIAS, job.depth, job.tangent !== 0);
  }
  store<f32>(at(job.k, place), <f32>value);
  if (job.ds !== 0) store<f32>(at(job.ds, place), <f32>slopeS);
  if (job.da !== 0) store<f32>(at(job.da, place), <f32>slopeA);
}

/** Rows of k; each sum in order of the features. A tile is KERNEL_ROWS rows; lanes are even. */
export function arcCosine(job: ArcCosineJob, begin: i32, end: i32): void {
  const lanes = job.lanes;
  const yLanes = job.yLanes;
  const features = job.features;
  for (let tile = begin; tile < end; tile++) {
    const i = tile * KERNEL_ROWS;
    let own0: f64 = 0;
    let own1: f64 = 0;
    for (let d = 0; d < features; d++) {
      const v0 = <f64>load<f32>(at(job.x, d * lanes + i));
      const v1 = <f64>load<f32>(at(job.x, d * lanes + i + 1));
      own0 += v0 * v0;
      own1 += v1 * v1;
    }
    for (let j = 0; j < yLanes; j += 4) {
      let low0 = f64x2.splat(0);
      let high0 = f64x2.splat(0);
      let low1 = f64x2.splat(0);
      let high1 = f64x2.splat(0);
      let lowY = f64x2.splat(0);
      let highY = f64x2.splat(0);
      for (let d = 0; d < features; d++) {
        const four = v128.load(at(job.y, d * yLanes + j));
        const low = f64x2.promote_low_f32x4(four);
        const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3));
        lowY = f64x2.add(lowY, f64x2.mul(low, low));
        highY = f64x2.add(highY, f64x2.mul(high, high));
        const a = splat(at(job.x, d * lanes + i));
        low0 = f64x2.add(low0, f64x2.mul(a, low));
        high0 = f64x2.add(high0, f64x2.mul(a, high));
        const b = splat(at(job.x, d * lanes + i + 1));
        low1 = f64x2.add(low1, f64x2.mul(b, low));
        high1 = f64x2.add(high1, f64x2.mul(b, high));
      }
      const y0 = f64x2.extract_lane(lowY, 0);
      const y1 = f64x2.extract_lane(lowY, 1);
      const y2 = f64x2.extract_lane(highY, 0);
      const y3 = f64x2.extract_lane(highY, 1);
      put(job, i, j, f64x2.extract_lane(low0, 0), own0, y0);
      put(job, i, j + 1, f64x2.extract_lane(low0, 1), own0, y1);
      put(job, i, j + 2, f64x2.extract_lane(high0, 0), own0, y2);
      put(job, i, j + 3, f64x2.extract_lane(high0, 1), own0, y3);
      put(job, i + 1, j, f64x2.extract_lane(low1, 0), own1, y0);
      put(job, i + 1, j + 1, f64x2.extract_lane(low1, 1), own1, y1);
      put(job, i + 1, j + 2, f64x2.extract_lane(high1, 0), own1, y2);
      put(job, i + 1, j + 3, f64x2.extract_lane(high1, 1), own1, y3);
    }
  }
}

/** Byte address of number `j` of row `i` of a packed triangle of float64s. */
function entry(triangle: usize, i: i32, j: i32): usize {
  return triangle + ((<usize>((i * (i + 1)) >> 1) + <usize>j) << 3);
}

@unmanaged
export class ArcCosineRowsJob {
  /** XᵀX, and then the kernel. */
  triangle: Buffer;
  features: i32;
  depth: i32;
  tangent: Flag;
}

/** Turns the entries of a triangle below its diagonal, which they read, into those of the kernel. A tile is a row. */
export function arcCosineRows(job: ArcCosineRowsJob, begin: i32, end: i32): void {
  const triangle = job.triangle;
  const weight = 2.0 / <f64>job.features;
  for (let i = begin; i < end; i++) {
    const a = weight * load<f64>(entry(triangle, i, i)) + BIAS;
    for (let j = 0; j < i; j++) {
      const b = weight * load<f64>(entry(triangle, j, j)) + BIAS;
      const s = weight * load<f64>(entry(triangle, i, j)) + BIAS;
      store<f64>(entry(triangle, i, j), kernelOf(s, a, b, job.depth, job.tangent !== 0));
    }
  }
}

@unmanaged
export class ArcCosineDiagonalJob {
  triangle: Buffer;
  features: i32;
  depth: i32;
  tangent: Flag;
}

/** Turns the diagonal of a triangle into that of the kernel, after the rest. A tile is an entry. */
export function arcCosineDiagonal(job: ArcCosineDiagonalJob, begin: i32, end: i32): void {
  const weight = 2.0 / <f64>job.features;
  for (let i = begin; i < end; i++) {
    const place = entry(job.triangle, i, i);
    const a = weight * load<f64>(place) + BIAS;
    store<f64>(place, kernelOf(a, a, a, job.depth, job.tangent !== 0));
  }
}

@unmanaged
export class WideProductJob {
  out: Buffer;
  a: Buffer;
  b: Buffer;
  length: i32;
  lanes: i32;
}

/** out[r, i] = Σ_t a[r, t]·b[t, i], in float64 in order of t. A tile is a row; lanes are even. */
export function wideProduct(job: WideProductJob, begin: i32, end: i32): void {
  const lanes = job.lanes;
  const length = job.length;
  for (let r = begin; r < end; r++) {
    for (let i = 0; i < lanes; i += 2) {
      let sum = f64x2.splat(0);
      for (let t = 0; t < length; t++) {
        const pair = f64x2.promote_low_f32x4(v128.load64_zero(at(job.b, t * lanes + i)));
        sum = f64x2.add(sum, f64x2.mul(splat(at(job.a, r * length + t)), pair));
      }
      v128.store64_lane(at(job.out, r * lanes + i), f32x4.demote_f64x2_zero(sum), 0);
    }
  }
}
