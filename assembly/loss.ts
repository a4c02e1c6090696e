// The losses of logits z against targets y, and their R-rules. Every matrix is [classes, lanes], a
// lane is an image, and the first n = `images` of them are real. A tile is 4 images, one vector of lanes; the last may be
// half one. Gradients and losses are zero in padding lanes.
//
// Mean softmax cross-entropy, ℓ = −(1/n) Σ y·log p; p is finite in padding lanes and means nothing there.
//   p = softmax(z)    S = Σ_k y_k
//   dz  = (S·p − y) / n                  dy  = −log(p) / n
//   rdz = S·p⊙(rz − Σ p·rz) / n          rdy = −(rz − Σ p·rz) / n
//
// Mean squared error, ℓ = Σ ‖z − y‖² / 2n.
//   dz  = (z − y) / n                    dy  = −dz
//   rdz = rz / n                         rdy = −rdz
// docs/math.md §2 has the formulas.
import { Buffer, OptionalBuffer } from "./fields";
import { expPs, logPs } from "./math";
import { at, madd, storeLanes } from "./simd";
import { LOSS_IMAGES } from "./tiles";

/** `images` of the `lanes` lanes are real; means are over those. */
@unmanaged
export class LossShape {
  classes: i32;
  images: i32;
  lanes: i32;
}

/** Returns a mask of the four lanes from `first` on: all bits are set in those that hold real images. */
function realLanes(first: i32, images: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3)), i32x4.splat(images));
}

/** Σ_k y[k], one vector of lanes; classes are `stride` bytes apart, `bytes` all together. */
function sumClasses(y: usize, bytes: usize, stride: usize): v128 {
  let sum = f32x4.splat(0);
  for (let k: usize = 0; k < bytes; k += stride) sum = f32x4.add(sum, v128.load(y + k));
  return sum;
}

@unmanaged
export class CrossEntropyJob extends LossShape {
  losses: Buffer;
  p: Buffer;
  dz: Buffer;
  dy: OptionalBuffer;
  z: Buffer;
  y: Buffer;
}

/**
 * losses[image] = −Σ y·log p, before the mean, [lanes]; p, dz and, unless 0, dy.
 * log p = (z − max) − log Σ exp(z − max), so nothing overflows and a tiny p keeps its logarithm.
 */
export function crossEntropy(job: CrossEntropyJob, begin: i32, end: i32): void {
  const losses = job.losses;
  const p = job.p;
  const dz = job.dz;
  const dy = job.dy;
  const z = job.z;
  const y = job.y;
  const images = job.images;
  const lanes = job.lanes;
  const stride = (<usize>lanes) << 2;
  const bytes = <usize>job.classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const first = tile * LOSS_IMAGES;
    const lane = (<usize>first) << 2;
    const half = first + LOSS_IMAGES > lanes;
    const real = realLanes(first, images);
    let largest = f32x4.splat(-Infinity);
    for (let k = lane; k < bytes; k += stride) largest = f32x4.pmax(largest, v128.load(z + k));
    let sum = f32x4.splat(0);
    for (let k = lane; k < bytes; k += stride) {
      const e = expPs(f32x4.sub(v128.load(z + k), largest));
      storeLanes(p + k, e, half);
      sum = f32x4.add(sum, e);
    }
    const mass = sumClasses(y + lane, bytes - lane, stride);
    const logSum = logPs(sum);
    let loss = f32x4.splat(0);
    for (let k = lane; k < bytes; k += stride) {
      const yk = v128.load(y + k);
      const pk = f32x4.div(v128.load(p + k), sum);
      const logP = f32x4.sub(f32x4.sub(v128.load(z + k), largest), logSum);
      loss = f32x4.sub(loss, f32x4.mul(yk, logP));
      storeLanes(p + k, pk, half);
      storeLanes(dz + k, v128.and(f32x4.div(f32x4.sub(f32x4.mul(mass, pk), yk), count), real), half);
      if (dy) storeLanes(dy + k, v128.and(f32x4.div(f32x4.neg(logP), count), real), half);
    }
    storeLanes(losses + lane, v128.and(loss, real), half);
  }
}

@unmanaged
export class CrossEntropyRJob extends LossShape {
  rdz: Buffer;
  rdy: OptionalBuffer;
  p: Buffer;
  y: Buffer;
  rz: Buffer;
}

/** The derivative of dz and, unless rdy is 0, of dy along rz, with p from `crossEntropy`. */
export function crossEntropyR(job: CrossEntropyRJob, begin: i32, end: i32): void {
  const rdz = job.rdz;
  const rdy = job.rdy;
  const p = job.p;
  const y = job.y;
  const rz = job.rz;
  const images = job.images;
  const lanes = job.lanes;
  const stride = (<usize>lanes) << 2;
  const bytes = <usize>job.classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const first = tile * LOSS_IMAGES;
    const lane = (<usize>first) << 2;
    const half = first + LOSS_IMAGES > lanes;
    const real = realLanes(first, images);
    const mass = sumClasses(y + lane, bytes - lane, stride);
    let mean = f32x4.splat(0);
    for (let k = lane; k < bytes; k += stride) mean = madd(mean, v128.load(p + k), v128.load(rz + k));
    for (let k = lane; k < bytes; k += stride) {
      const deviation = f32x4.div(f32x4.sub(v128.load(rz + k), mean), count);
      const scaled = f32x4.mul(f32x4.mul(mass, v128.load(p + k)), deviation);
      storeLanes(rdz + k, v128.and(scaled, real), half);
      if (rdy) storeLanes(rdy + k, v128.and(f32x4.neg(deviation), real), half);
    }
  }
}

@unmanaged
export class SquaredErrorJob extends LossShape {
  losses: Buffer;
  dz: Buffer;
  dy: OptionalBuffer;
  z: Buffer;
  y: Buffer;
}

/** losses[image] = ‖z − y‖² / 2, before the mean, [lanes]; dz and, unless 0, dy. */
export function squaredError(job: SquaredErrorJob, begin: i32, end: i32): void {
  const losses = job.losses;
  const dz = job.dz;
  const dy = job.dy;
  const z = job.z;
  const y = job.y;
  const images = job.images;
  const lanes = job.lanes;
  const stride = (<usize>lanes) << 2;
  const bytes = <usize>job.classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const first = tile * LOSS_IMAGES;
    const lane = (<usize>first) << 2;
    const half = first + LOSS_IMAGES > lanes;
    const real = realLanes(first, images);
    let squares = f32x4.splat(0);
    for (let k = lane; k < bytes; k += stride) {
      const error = f32x4.sub(v128.load(z + k), v128.load(y + k));
      const d = v128.and(f32x4.div(error, count), real);
      squares = madd(squares, error, error);
      storeLanes(dz + k, d, half);
      if (dy) storeLanes(dy + k, f32x4.neg(d), half);
    }
    storeLanes(losses + lane, v128.and(f32x4.mul(f32x4.splat(0.5), squares), real), half);
  }
}

@unmanaged
export class SquaredErrorRJob extends LossShape {
  rdz: Buffer;
  rdy: OptionalBuffer;
  rz: Buffer;
}

/** The derivative of dz and, unless rdy is 0, of dy along rz. */
export function squaredErrorR(job: SquaredErrorRJob, begin: i32, end: i32): void {
  const rdz = job.rdz;
  const rdy = job.rdy;
  const rz = job.rz;
  const images = job.images;
  const lanes = job.lanes;
  const stride = (<usize>lanes) << 2;
  const bytes = <usize>job.classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const first = tile * LOSS_IMAGES;
    const lane = (<usize>first) << 2;
    const half = first + LOSS_IMAGES > lanes;
    const real = realLanes(first, images);
    for (let k = lane; k < bytes; k += stride) {
      const d = v128.and(f32x4.div(v128.load(rz + k), count), real);
      storeLanes(rdz + k, d, half);
      if (rdy) storeLanes(rdy + k, f32x4.neg(d), half);
    }
  }
}

@unmanaged
export class LabelMarginJob extends LossShape {
  losses: Buffer;
  dy: Buffer;
  y: Buffer;
  cap: f32;
}

/** losses[image] = −min(a − b, cap), a and b the two largest entries of its label; dy = −1/n at a, 1/n at b where a − b < cap. */
export function labelMargin(job: LabelMarginJob, begin: i32, end: i32): void {
  const lanes = job.lanes;
  const images = job.images;
  const share: f32 = 1 / <f32>images;
  const last = min(end * LOSS_IMAGES, lanes);
  for (let lane = begin * LOSS_IMAGES; lane < last; lane++) {
    let first = 0;
    let second = -1;
    let a = load<f32>(at(job.y, lane));
    let b: f32 = 0;
    store<f32>(at(job.dy, lane), 0);
    for (let k = 1; k < job.classes; k++) {
      const value = load<f32>(at(job.y, k * lanes + lane));
      store<f32>(at(job.dy, k * lanes + lane), 0);
      if (value > a) {
        second = first;
        b = a;
        first = k;
        a = value;
      } else if (second < 0 || value > b) {
        second = k;
        b = value;
      }
    }
    const real = lane < images;
    const gap = a - b;
    store<f32>(at(job.losses, lane), real ? -min(gap, job.cap) : 0);
    if (!real || gap >= job.cap) continue;
    store<f32>(at(job.dy, first * lanes + lane), -share);
    store<f32>(at(job.dy, second * lanes + lane), share);
  }
}
