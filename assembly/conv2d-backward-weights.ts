// The gradient of a convolution's weights, images innermost: for each output channel and tap an inner product along the
// contiguous axis.
//
// x [c, h, w, B]   dw [oc, c, kh, kw]   dy [oc, oh, ow, B]; conv2d.ts says what B is
import { Conv2dShape, tapOffsets } from "./conv2d";
import { Buffer, Flag } from "./fields";
import { hsums, loadPartial, madd, storePartial } from "./simd";
import { WEIGHT_CHANNELS, WEIGHT_SPAN, WEIGHT_SWEEP, WEIGHT_TAPS } from "./tiles";

// scratch: [offsets of a tile's taps: WEIGHT_SWEEP × WEIGHT_TAPS u32][sums: WEIGHT_SWEEP × 8 v128]
const SUMS: usize = (<usize>(WEIGHT_SWEEP * WEIGHT_TAPS)) << 2;

/** sums[i, j] += Σ_p dy_i[p] · x_j[p] over `runs` runs of `bytes`; i < 2 output channels, j < 4 taps. */
function weightTile(
  sums: usize,
  dy: usize,
  dyNext: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  runs: i32,
  bytes: usize,
  xStep: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  for (; runs > 0; runs--) {
    for (const end = dy + bytes; dy < end; dy += 16, x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
      const d0 = v128.load(dy);
      const d1 = v128.load(dy + dyNext);
      let b = v128.load(x0);
      c00 = madd(c00, d0, b);
      c10 = madd(c10, d1, b);
      b = v128.load(x1);
      c01 = madd(c01, d0, b);
      c11 = madd(c11, d1, b);
      b = v128.load(x2);
      c02 = madd(c02, d0, b);
      c12 = madd(c12, d1, b);
      b = v128.load(x3);
      c03 = madd(c03, d0, b);
      c13 = madd(c13, d1, b);
    }
    x0 += xStep;
    x1 += xStep;
    x2 += xStep;
    x3 += xStep;
  }
  v128.store(sums, f32x4.add(v128.load(sums), c00));
  v128.store(sums, f32x4.add(v128.load(sums, 16), c01), 16);
  v128.store(sums, f32x4.add(v128.load(sums, 32), c02), 32);
  v128.store(sums, f32x4.add(v128.load(sums, 48), c03), 48);
  v128.store(sums, f32x4.add(v128.load(sums, 64), c10), 64);
  v128.store(sums, f32x4.add(v128.load(sums, 80), c11), 80);
  v128.store(sums, f32x4.add(v128.load(sums, 96), c12), 96);
  v128.store(sums, f32x4.add(v128.load(sums, 112), c13), 112);
}

@unmanaged
export class Conv2dBackwardWeightsJob extends Conv2dShape {
  dw: Buffer;
  dy: Buffer;
  x: Buffer;
  accumulate: Flag;
}

/**
 * dw (+)= the gradient of the weights: dw[o, t] = Σ_{row, column, image} dy[o, ·]·x[t, ·]. A tile is WEIGHT_CHANNELS output
 * channels × WEIGHT_TAPS taps; tiles count taps first. Spans of rows are summed one by one and then added, so that the error
 * of a sum grows with the length of a span, not of the image. All loops around weightTile's stand here: V8 unrolls an inner
 * loop the more the deeper it lies.
 */
export function conv2dBackwardWeights(job: Conv2dBackwardWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const dy = job.dy;
  const x = job.x;
  const outChannels = job.outChannels;
  const outHeight = job.outHeight;
  const outWidth = job.outWidth;
  const stride = job.stride;
  const lane = (<usize>job.lanes) << 2;
  const dyRow = <usize>outWidth * lane;
  const dyChannel = <usize>outHeight * dyRow;
  const bytes = stride == 1 ? dyRow : lane;
  const lines = stride == 1 ? max(1, WEIGHT_SPAN / (outWidth * job.lanes)) : 1;
  const xStep: usize = stride == 1 ? <usize>(job.inWidth - outWidth) * lane : <usize>(stride - 1) * lane;
  const xRow = <usize>(stride * job.inWidth) * lane;
  const groups = groupsOf(job);
  const sums = scratch + SUMS;
  for (let first = begin; first < end; first += WEIGHT_SWEEP) {
    const tiles = min(WEIGHT_SWEEP, end - first);
    layTaps(job, scratch, first, tiles);
    memory.fill(sums, 0, (<usize>tiles) << 7);
    for (let oy = 0; oy < outHeight; oy += lines) {
      const xr = x + <usize>oy * xRow;
      const runs = stride == 1 ? min(lines, outHeight - oy) : outWidth;
      let o = (first / groups) * WEIGHT_CHANNELS;
      let left = groups - (first % groups);
      for (let i = 0; i < tiles; i++, left--) {
        if (left == 0) {
          left = groups;
          o += WEIGHT_CHANNELS;
        }
        const o4 = scratch + ((<usize>i) << 4);
        weightTile(
          sums + ((<usize>i) << 7),
          dy + <usize>o * dyChannel + <usize>oy * dyRow,
          o + 1 < outChannels ? dyChannel : 0,
          xr + load<u32>(o4),
          xr + load<u32>(o4, 4),
          xr + load<u32>(o4, 8),
          xr + load<u32>(o4, 12),
          runs,
          bytes,
          xStep,
        );
      }
    }
    writeSums(job, sums, first, tiles);
  }
}

/** Groups of taps. */
function groupsOf(job: Conv2dBackwardWeightsJob): i32 {
  return (job.inChannels * job.kernelHeight * job.kernelWidth + WEIGHT_TAPS - 1) / WEIGHT_TAPS;
}

/**
 * The offsets of the taps of `tiles` tiles from `first` on. Taps beyond the last repeat it; their sums are not written. All pairs of
 * output channels have the same taps.
 */
function layTaps(job: Conv2dBackwardWeightsJob, scratch: usize, first: i32, tiles: i32): void {
  const groups = groupsOf(job);
  const depth = job.inChannels * job.kernelHeight * job.kernelWidth;
  let group = first % groups;
  for (let i = 0; i < tiles; i++) {
    const offsets = scratch + ((<usize>i) << 4);
    if (i >= groups) {
      v128.store(offsets, v128.load(offsets - ((<usize>groups) << 4)));
      continue;
    }
    const tap = group * WEIGHT_TAPS;
    const taps = min(WEIGHT_TAPS, depth - tap);
    tapOffsets(offsets, tap, taps, job);
    const last = load<u32>(offsets + ((<usize>(taps - 1)) << 2));
    for (let j = taps; j < WEIGHT_TAPS; j++) store<u32>(offsets + ((<usize>j) << 2), last);
    if (++group == groups) group = 0;
  }
}

/** dw (+)= the sums of `tiles` tiles from `first` on, each over its four lanes. */
function writeSums(job: Conv2dBackwardWeightsJob, sums: usize, first: i32, tiles: i32): void {
  const accumulate = job.accumulate != 0;
  const outChannels = job.outChannels;
  const depth = job.inChannels * job.kernelHeight * job.kernelWidth;
  const groups = groupsOf(job);
  const rowBytes = (<usize>depth) << 2;
  let o = (first / groups) * WEIGHT_CHANNELS;
  let group = first % groups;
  for (; tiles > 0; tiles--, sums += 128) {
    const target = job.dw + <usize>o * rowBytes + ((<usize>(group * WEIGHT_TAPS)) << 2);
    const taps = min(WEIGHT_TAPS, depth - group * WEIGHT_TAPS);
    writeTaps(target, sums, taps, accumulate);
    if (o + 1 < outChannels) writeTaps(target + rowBytes, sums + 64, taps, accumulate);
    if (++group == groups) {
      group = 0;
      o += WEIGHT_CHANNELS;
    }
  }
}

/** Writes the sums over the four lanes of each of four vectors, of which the first `taps` count. */
function writeTaps(target: usize, sums: usize, taps: i32, accumulate: bool): void {
  let v = hsums(v128.load(sums), v128.load(sums, 16), v128.load(sums, 32), v128.load(sums, 48));
  if (taps == WEIGHT_TAPS) {
    v128.store(target, accumulate ? f32x4.add(v128.load(target), v) : v);
    return;
  }
  if (accumulate) v = f32x4.add(loadPartial(target, taps), v);
  storePartial(target, v, taps);
}
