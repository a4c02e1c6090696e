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
// again. A tile is RESPONSE_FLOATS floats of the plane in all channels. Tiles that follow each other are walked through
// together, up to RUN bytes of each channel: channels of many images lie many pages apart, and short pieces of pages would come
// slowly. Each loop over a run does one thing, because V8 makes good code of small loops only. What the windows of backward
// need of their neighbours lies in a workspace of the layout of x, of which a tile uses its own floats.
// docs/math.md §2 has the formulas.
import { Buffer } from "../fields";
import { expPs, logPs } from "../math";
import { madd } from "../simd";
import { RESPONSE_FLOATS } from "../tiles";

/** Bytes of a tile in each channel. */
const TILE: usize = (<usize>RESPONSE_FLOATS) << 2;
/** Bytes of a channel that are walked through together. */
const RUN: usize = 8 * TILE;

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
 * p = s^−β for a run. For β = ¾, AlexNet's, by two roots: error 2.0 ulp for every s. Otherwise e^(−β·ln s), where the error of
 * the exponent grows with |ln s|: 1.1 ulp on [1, 2], 2.7 on [1, 16], 14 on [1e-6, 1e6], and three times the time.
 */
function powers(p: usize, s: usize, bytes: usize, beta: f32): void {
  if (beta == 0.75) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const sum = v128.load(s + i);
      v128.store(p + i, f32x4.div(f32x4.sqrt(f32x4.sqrt(sum)), sum));
    }
    return;
  }
  const exponent = f32x4.splat(-beta);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(p + i, expPs(f32x4.mul(exponent, logPs(v128.load(s + i)))));
  }
}

/** Byte offset of channel c, or of the last one or the end. */
function channelAt(c: i32, channels: i32, stride: usize): usize {
  return <usize>max(0, min(c, channels)) * stride;
}

/** out = Σ a·b over the channels from byte `from` to byte `to`, for a run. Windows of four are AlexCifarNet's. */
function sumProducts(out: usize, a: usize, b: usize, from: usize, to: usize, stride: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const toB = b - a;
  if (to - from == 4 * stride) {
    const p1 = stride;
    const p2: usize = 2 * stride;
    const p3: usize = 3 * stride;
    for (let p = a + from, end = p + bytes; p < end; p += 16, out += 16) {
      const q = p + toB;
      let sum = madd(zero, v128.load(p), v128.load(q));
      sum = madd(sum, v128.load(p + p1), v128.load(q + p1));
      sum = madd(sum, v128.load(p + p2), v128.load(q + p2));
      v128.store(out, madd(sum, v128.load(p + p3), v128.load(q + p3)));
    }
    return;
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = zero;
    for (let c = from + i; c < to; c += stride) sum = madd(sum, v128.load(a + c), v128.load(b + c));
    v128.store(out + i, sum);
  }
}

/** out = Σ a over the channels from byte `from` to byte `to`, for a run */
function sumOf(out: usize, a: usize, from: usize, to: usize, stride: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  if (to - from == 4 * stride) {
    const p1 = stride;
    const p2: usize = 2 * stride;
    const p3: usize = 3 * stride;
    for (let p = a + from, end = p + bytes; p < end; p += 16, out += 16) {
      const sum = f32x4.add(f32x4.add(zero, v128.load(p)), v128.load(p + p1));
      v128.store(out, f32x4.add(f32x4.add(sum, v128.load(p + p2)), v128.load(p + p3)));
    }
    return;
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = zero;
    for (let c = from + i; c < to; c += stride) sum = f32x4.add(sum, v128.load(a + c));
    v128.store(out + i, sum);
  }
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
  const channels = job.channels;
  const size = job.size;
  const alpha = f32x4.splat(job.alpha);
  const k = f32x4.splat(job.k);
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * TILE);
  for (let run = <usize>begin * TILE; run < last; run += RUN) {
    const bytes = min(last - run, RUN);
    for (let c = 0; c < channels; c++) {
      const from = channelAt(c - size / 2, channels, stride);
      const to = channelAt(c + (size + 1) / 2, channels, stride);
      const here = <usize>c * stride + run;
      const y = job.y + here;
      const s = job.s + here;
      const x = job.x + here;
      sumProducts(s, job.x + run, job.x + run, from, to, stride, bytes);
      for (let i: usize = 0; i < bytes; i += 16) v128.store(s + i, madd(k, alpha, v128.load(s + i)));
      powers(y, s, bytes, job.beta);
      for (let i: usize = 0; i < bytes; i += 16) v128.store(y + i, f32x4.mul(v128.load(x + i), v128.load(y + i)));
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
export function localResponseNormBackward(
  job: LocalResponseNormBackwardJob,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const channels = job.channels;
  const size = job.size;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * TILE);
  const factor = f32x4.splat(2 * job.alpha * job.beta);
  const ahead = size / 2;
  for (let run = <usize>begin * TILE; run < last; run += RUN) {
    const bytes = min(last - run, RUN);
    // Channel c needs the windows that reach it, the last of them `ahead` channels on.
    for (let c = -ahead; c < channels; c++) {
      if (c + ahead < channels) ownShare(job, <usize>(c + ahead) * stride + run, bytes);
      if (c < 0) continue;
      const from = channelAt(c - (size - 1) / 2, channels, stride);
      const to = channelAt(c + ahead + 1, channels, stride);
      sumOf(scratch, job.workspace + run, from, to, stride, bytes);
      const dx = job.dx + <usize>c * stride + run;
      const x = job.x + <usize>c * stride + run;
      for (let i: usize = 0; i < bytes; i += 16) {
        const reached = f32x4.mul(f32x4.mul(factor, v128.load(x + i)), v128.load(scratch + i));
        v128.store(dx + i, f32x4.sub(v128.load(dx + i), reached));
      }
    }
  }
}

/** dx = dy·p and u, for the run that begins at byte `here` */
function ownShare(job: LocalResponseNormBackwardJob, here: usize, bytes: usize): void {
  const dx = job.dx + here;
  const u = job.workspace + here;
  const dy = job.dy + here;
  const x = job.x + here;
  const s = job.s + here;
  powers(dx, s, bytes, job.beta);
  for (let i: usize = 0; i < bytes; i += 16) {
    const product = f32x4.mul(v128.load(dy + i), v128.load(dx + i));
    v128.store(dx + i, product);
    v128.store(u + i, f32x4.div(f32x4.mul(product, v128.load(x + i)), v128.load(s + i)));
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
  const channels = job.channels;
  const size = job.size;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * TILE);
  const factor = f32x4.splat(2 * job.alpha);
  const beta = f32x4.splat(job.beta);
  for (let run = <usize>begin * TILE; run < last; run += RUN) {
    const bytes = min(last - run, RUN);
    for (let c = 0; c < channels; c++) {
      const from = channelAt(c - size / 2, channels, stride);
      const to = channelAt(c + (size + 1) / 2, channels, stride);
      const here = <usize>c * stride + run;
      const ry = job.ry + here;
      const rs = job.rs + here;
      const rx = job.rx + here;
      const x = job.x + here;
      const s = job.s + here;
      sumProducts(rs, job.x + run, job.rx + run, from, to, stride, bytes);
      powers(ry, s, bytes, job.beta);
      for (let i: usize = 0; i < bytes; i += 16) {
        const tangent = f32x4.mul(factor, v128.load(rs + i));
        const share = f32x4.div(f32x4.mul(beta, tangent), v128.load(s + i));
        const slope = f32x4.sub(v128.load(rx + i), f32x4.mul(v128.load(x + i), share));
        v128.store(rs + i, tangent);
        v128.store(ry + i, f32x4.mul(slope, v128.load(ry + i)));
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
export function localResponseNormBackwardR(
  job: LocalResponseNormBackwardRJob,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const channels = job.channels;
  const size = job.size;
  const stride = (<usize>job.plane) << 2;
  const last = min(stride, <usize>end * TILE);
  const factor = f32x4.splat(2 * job.alpha * job.beta);
  const ahead = size / 2;
  const u = job.workspace;
  const ru = u + <usize>channels * stride;
  const other = scratch + RUN;
  for (let run = <usize>begin * TILE; run < last; run += RUN) {
    const bytes = min(last - run, RUN);
    for (let c = -ahead; c < channels; c++) {
      if (c + ahead < channels) ownTangents(job, ru - u, <usize>(c + ahead) * stride + run, bytes);
      if (c < 0) continue;
      const from = channelAt(c - (size - 1) / 2, channels, stride);
      const to = channelAt(c + ahead + 1, channels, stride);
      sumOf(scratch, u + run, from, to, stride, bytes);
      sumOf(other, ru + run, from, to, stride, bytes);
      const here = <usize>c * stride + run;
      const rdx = job.rdx + here;
      const rx = job.rx + here;
      const x = job.x + here;
      for (let i: usize = 0; i < bytes; i += 16) {
        const ofU = f32x4.mul(v128.load(rx + i), v128.load(scratch + i));
        const both = madd(ofU, v128.load(x + i), v128.load(other + i));
        v128.store(rdx + i, f32x4.sub(v128.load(rdx + i), f32x4.mul(factor, both)));
      }
    }
  }
}

/** What rdx has of its own channel, u and, `toRu` bytes on, ru, for the run that begins at byte `here` */
function ownTangents(job: LocalResponseNormBackwardRJob, toRu: usize, here: usize, bytes: usize): void {
  const rdx = job.rdx + here;
  const u = job.workspace + here;
  const ru = u + toRu;
  const rdy = job.rdy + here;
  const dy = job.dy + here;
  const rx = job.rx + here;
  const x = job.x + here;
  const s = job.s + here;
  const rs = job.rs + here;
  const beta = f32x4.splat(job.beta);
  powers(rdx, s, bytes, job.beta);
  for (let i: usize = 0; i < bytes; i += 16) {
    const sum = v128.load(s + i);
    const p = v128.load(rdx + i);
    const slope = f32x4.div(p, sum);
    const share = f32x4.div(v128.load(rs + i), sum);
    const d = v128.load(dy + i);
    const rd = f32x4.sub(v128.load(rdy + i), f32x4.mul(f32x4.mul(beta, d), share));
    const turned = f32x4.mul(d, f32x4.sub(v128.load(rx + i), f32x4.mul(v128.load(x + i), share)));
    v128.store(rdx + i, f32x4.mul(rd, p));
    v128.store(u + i, f32x4.mul(f32x4.mul(d, v128.load(x + i)), slope));
    v128.store(ru + i, f32x4.mul(madd(turned, rd, v128.load(x + i)), slope));
  }
}
