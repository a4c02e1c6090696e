// The losses of logits z against targets y, and their R-rules. Every matrix is [classes, batch]; lanes are images, of
// which the first n = `images` are real. A tile is 4 images, one vector of lanes; the last may be half one. What is a
// gradient is zero in padding lanes, as losses are.
//
// Mean softmax cross-entropy, ℓ = −(1/n) Σ y·log p; p is finite in padding lanes and means nothing there.
//   p = softmax(z)    S = Σ_k y_k
//   dz  = (S·p − y) / n                  dy  = −log(p) / n
//   rdz = S·p⊙(rz − Σ p·rz) / n          rdy = −(rz − Σ p·rz) / n
//
// Mean squared error, ℓ = Σ ‖z − y‖² / 2n.
//   dz  = (z − y) / n                    dy  = −dz
//   rdz = rz / n                         rdy = −rdz
import { expPs, logPs } from "./math";
import { madd, storeLanes } from "./simd";

/** All bits set in the lanes of real images. */
function realLanes(tile: i32, images: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(4 * tile), i32x4(0, 1, 2, 3)), i32x4.splat(images));
}

/** Σ_k y[k], one vector of lanes; classes are `stride` bytes apart, `bytes` all together. */
function sumClasses(y: usize, bytes: usize, stride: usize): v128 {
  let sum = f32x4.splat(0);
  for (let k: usize = 0; k < bytes; k += stride) sum = f32x4.add(sum, v128.load(y + k));
  return sum;
}

/**
 * losses[image] = −Σ y·log p, before the mean, [batch]; p, dz and, unless 0, dy.
 * log p = (z − max) − log Σ exp(z − max), so nothing overflows and a tiny p keeps its logarithm.
 */
export function crossEntropy(
  losses: usize,
  p: usize,
  dz: usize,
  dy: usize,
  z: usize,
  y: usize,
  classes: i32,
  images: i32,
  batch: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const bytes = <usize>classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const lane = (<usize>tile) << 4;
    const half = 4 * tile + 4 > batch;
    const real = realLanes(tile, images);
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

/** The derivative of dz and, unless rdy is 0, of dy along rz, with p from `crossEntropy`. */
export function crossEntropyR(
  rdz: usize,
  rdy: usize,
  p: usize,
  y: usize,
  rz: usize,
  classes: i32,
  images: i32,
  batch: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const bytes = <usize>classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const lane = (<usize>tile) << 4;
    const half = 4 * tile + 4 > batch;
    const real = realLanes(tile, images);
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

/** losses[image] = ‖z − y‖² / 2, before the mean, [batch]; dz and, unless 0, dy. */
export function squaredError(
  losses: usize,
  dz: usize,
  dy: usize,
  z: usize,
  y: usize,
  classes: i32,
  images: i32,
  batch: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const bytes = <usize>classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const lane = (<usize>tile) << 4;
    const half = 4 * tile + 4 > batch;
    const real = realLanes(tile, images);
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

/** The derivative of dz and, unless rdy is 0, of dy along rz. */
export function squaredErrorR(
  rdz: usize,
  rdy: usize,
  rz: usize,
  classes: i32,
  images: i32,
  batch: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (<usize>batch) << 2;
  const bytes = <usize>classes * stride;
  const count = f32x4.splat(<f32>images);
  for (let tile = begin; tile < end; tile++) {
    const lane = (<usize>tile) << 4;
    const half = 4 * tile + 4 > batch;
    const real = realLanes(tile, images);
    for (let k = lane; k < bytes; k += stride) {
      const d = v128.and(f32x4.div(v128.load(rz + k), count), real);
      storeLanes(rdz + k, d, half);
      if (rdy) storeLanes(rdy + k, f32x4.neg(d), half);
    }
  }
}
