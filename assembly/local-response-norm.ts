// Local response normalisation across channels, PyTorch's: with W(c) the `size` channels from c − ⌊size/2⌋ on, those that
// exist, alpha = α/size the factor of a sum (α multiplies the mean over all `size`, absent ones counting as zeros) and
// p = s^−β,
//
//   s = k + alpha·Σ_W(c) x²               y  = x·p
//   u = dy·x·p/s                          dx = dy·p − 2·alpha·β·x·Σ_{j: c ∈ W(j)} u_j
//   rs = 2·alpha·Σ_W(c) x·rx              ry = rx·p − β·x·p/s·rs
//   ru = (rdy·x + dy·rx − (β + 1)·dy·x/s·rs)·p/s
//   rdx = (rdy − β·dy/s·rs)·p − 2·alpha·β·Σ_{j: c ∈ W(j)} (rx·u_j + x·ru_j)
//
// x [channels, plane], plane = h·w·lanes floats. s ≥ k > 0 is kept for the later passes, which make p and 1/s from it
// again. A tile is RESPONSE_FLOATS floats of the plane in all channels; what the windows of backward need of their neighbours lies in
// a workspace of the layout of x, of which a tile uses its own floats.
// docs/math.md §2 has the formulas.
import { Buffer } from "./fields";
import { expPs, logPs } from "./math";
import { madd } from "./simd";
import { RESPONSE_FLOATS } from "./tiles";

/** Bytes of a tile in each channel. */
const RUN: usize = (<usize>RESPONSE_FLOATS) << 2;

/** What every job of local response normalisation says of x [channels, plane]. */
@unmanaged
export class ResponseShape {
  channels: i32;
  /** Floats of a channel. */
  plane: i32;
  /** Channels of a window. */
  size: i32;
  /** The factor of a sum. */
  alpha: f32;
  beta: f32;
}

/**
 * s^−β. For β = ¾, AlexNet's, by two roots: error 2.0 ulp for every s. Otherwise e^(−β·ln s), where the error of the
 * exponent grows with |ln s|: 1.1 ulp on [1, 2], 2.7 on [1, 16], 14 on [1e-6, 1e6], and three times the time.
 */
function power(s: v128, beta: f32): v128 {
  if (beta == 0.75) return f32x4.div(f32x4.sqrt(f32x4.sqrt(s)), s);
  return expPs(f32x4.mul(f32x4.splat(-beta), logPs(s)));
}

/** Byte offset of channel c, or of the last one or the end. */
function channelAt(c: i32, channels: i32, stride: usize): usize {
  return <usize>max(0, min(c, channels)) * stride;
}

/** Σ a·b over the channels from byte `from` to byte `to` */
function sumProducts(a: usize, b: usize, from: usize, to: usize, stride: usize): v128 {
  let sum = f32x4.splat(0);
  for (let c = from; c < to; c += stride) sum = madd(sum, v128.load(a + c), v128.load(b + c));
  return sum;
}

/** Σ a over the channels from byte `from` to byte `to` */
function sumOf(a: usize, from: usize, to: usize, stride: usize): v128 {
  let sum = f32x4.splat(0);
  for (let c = from; c < to; c += stride) sum = f32x4.add(sum, v128.load(a + c));
  return sum;
}

@unmanaged
export class LocalResponseNormForwardJob extends ResponseShape {
  y: Buffer;
  s: Buffer;
  x: Buffer;
  k: f32;
}

/** y, s. x, y and s [channels, plane] */
export function localResponseNormForward(job: LocalResponseNormForwardJob, begin: i32, end: i32): void {
  const y = job.y;
  const s = job.s;
  const x = job.x;
  const channels = job.channels;
  const size = job.size;
  const alpha = job.alpha;
  const beta = job.beta;
  const k = job.k;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * RUN);
  for (let run = <usize>begin * RUN; run < last; run += RUN) {
    const stop = min(stride, run + RUN);
    for (let c = 0; c < channels; c++) {
      const from = channelAt(c - size / 2, channels, stride);
      const to = channelAt(c + (size + 1) / 2, channels, stride);
      const here = <usize>c * stride;
      for (let i = run; i < stop; i += 16) {
        const squares = sumProducts(x + i, x + i, from, to, stride);
        const sum = madd(f32x4.splat(k), f32x4.splat(alpha), squares);
        v128.store(s + here + i, sum);
        v128.store(y + here + i, f32x4.mul(v128.load(x + here + i), power(sum, beta)));
      }
    }
  }
}

@unmanaged
export class LocalResponseNormBackwardJob extends ResponseShape {
  dx: Buffer;
  workspace: Buffer;
  dy: Buffer;
  x: Buffer;
  s: Buffer;
}

/** dx. workspace [channels, plane] receives u */
export function localResponseNormBackward(job: LocalResponseNormBackwardJob, begin: i32, end: i32): void {
  const dx = job.dx;
  const workspace = job.workspace;
  const dy = job.dy;
  const x = job.x;
  const s = job.s;
  const channels = job.channels;
  const size = job.size;
  const beta = job.beta;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * RUN);
  const factor = f32x4.splat(2 * job.alpha * beta);
  const ahead = size / 2;
  for (let run = <usize>begin * RUN; run < last; run += RUN) {
    const stop = min(stride, run + RUN);
    // Channel c needs the windows that reach it, the last of them `ahead` channels on.
    for (let c = -ahead; c < channels; c++) {
      if (c + ahead < channels) {
        const there = <usize>(c + ahead) * stride;
        for (let i = there + run; i < there + stop; i += 16) {
          const sum = v128.load(s + i);
          const product = f32x4.mul(v128.load(dy + i), power(sum, beta));
          v128.store(dx + i, product);
          v128.store(workspace + i, f32x4.div(f32x4.mul(product, v128.load(x + i)), sum));
        }
      }
      if (c < 0) continue;
      const from = channelAt(c - (size - 1) / 2, channels, stride);
      const to = channelAt(c + ahead + 1, channels, stride);
      const here = <usize>c * stride;
      for (let i = run; i < stop; i += 16) {
        const reached = f32x4.mul(f32x4.mul(factor, v128.load(x + here + i)), sumOf(workspace + i, from, to, stride));
        v128.store(dx + here + i, f32x4.sub(v128.load(dx + here + i), reached));
      }
    }
  }
}

@unmanaged
export class LocalResponseNormForwardRJob extends ResponseShape {
  ry: Buffer;
  rs: Buffer;
  rx: Buffer;
  x: Buffer;
  s: Buffer;
}

/** ry, rs */
export function localResponseNormForwardR(job: LocalResponseNormForwardRJob, begin: i32, end: i32): void {
  const ry = job.ry;
  const rs = job.rs;
  const rx = job.rx;
  const x = job.x;
  const s = job.s;
  const channels = job.channels;
  const size = job.size;
  const beta = job.beta;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * RUN);
  const factor = f32x4.splat(2 * job.alpha);
  for (let run = <usize>begin * RUN; run < last; run += RUN) {
    const stop = min(stride, run + RUN);
    for (let c = 0; c < channels; c++) {
      const from = channelAt(c - size / 2, channels, stride);
      const to = channelAt(c + (size + 1) / 2, channels, stride);
      const here = <usize>c * stride;
      for (let i = run; i < stop; i += 16) {
        const sum = v128.load(s + here + i);
        const tangent = f32x4.mul(factor, sumProducts(x + i, rx + i, from, to, stride));
        const share = f32x4.div(f32x4.mul(f32x4.splat(beta), tangent), sum);
        const slope = f32x4.sub(v128.load(rx + here + i), f32x4.mul(v128.load(x + here + i), share));
        v128.store(rs + here + i, tangent);
        v128.store(ry + here + i, f32x4.mul(slope, power(sum, beta)));
      }
    }
  }
}

@unmanaged
export class LocalResponseNormBackwardRJob extends ResponseShape {
  rdx: Buffer;
  workspace: Buffer;
  rdy: Buffer;
  dy: Buffer;
  rx: Buffer;
  x: Buffer;
  s: Buffer;
  rs: Buffer;
}

/** rdx. workspace [2, channels, plane] receives u and ru */
export function localResponseNormBackwardR(job: LocalResponseNormBackwardRJob, begin: i32, end: i32): void {
  const rdx = job.rdx;
  const workspace = job.workspace;
  const rdy = job.rdy;
  const dy = job.dy;
  const rx = job.rx;
  const x = job.x;
  const s = job.s;
  const rs = job.rs;
  const channels = job.channels;
  const size = job.size;
  const beta = job.beta;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * RUN);
  const factor = f32x4.splat(2 * job.alpha * beta);
  const ahead = size / 2;
  const tangents = workspace + <usize>channels * stride;
  for (let run = <usize>begin * RUN; run < last; run += RUN) {
    const stop = min(stride, run + RUN);
    for (let c = -ahead; c < channels; c++) {
      if (c + ahead < channels) {
        const there = <usize>(c + ahead) * stride;
        for (let i = there + run; i < there + stop; i += 16) {
          const sum = v128.load(s + i);
          const p = power(sum, beta);
          const slope = f32x4.div(p, sum);
          const share = f32x4.div(v128.load(rs + i), sum);
          const d = v128.load(dy + i);
          const rd = f32x4.sub(v128.load(rdy + i), f32x4.mul(f32x4.mul(f32x4.splat(beta), d), share));
          const turned = f32x4.mul(d, f32x4.sub(v128.load(rx + i), f32x4.mul(v128.load(x + i), share)));
          v128.store(rdx + i, f32x4.mul(rd, p));
          v128.store(workspace + i, f32x4.mul(f32x4.mul(d, v128.load(x + i)), slope));
          v128.store(tangents + i, f32x4.mul(madd(turned, rd, v128.load(x + i)), slope));
        }
      }
      if (c < 0) continue;
      const from = channelAt(c - (size - 1) / 2, channels, stride);
      const to = channelAt(c + ahead + 1, channels, stride);
      const here = <usize>c * stride;
      for (let i = run; i < stop; i += 16) {
        const ofU = f32x4.mul(v128.load(rx + here + i), sumOf(workspace + i, from, to, stride));
        const both = madd(ofU, v128.load(x + here + i), sumOf(tangents + i, from, to, stride));
        v128.store(rdx + here + i, f32x4.sub(v128.load(rdx + here + i), f32x4.mul(factor, both)));
      }
    }
  }
}
