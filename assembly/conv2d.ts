// Direct convolution over an input that holds its padding, batch innermost: an output row of a stride-1 convolution is
// outWidth·batch contiguous floats, and kernel tap (c, ky, kx) reads the same run at a fixed offset. So there is no
// im2col: taps become an offset table, weights are packed four output channels side by side, gemm.ts does the rest.
//
// x [c, h, w, B]   w [oc, c, kh, kw]   y [oc, oh, ow, B]   B the padded batch:
// outWidth·B is a multiple of 4, with a larger stride B itself
import { gemmBlock, ROWS } from "./gemm";
import { hsum, madd } from "./simd";

/**
 * Taps of one pass over a row. Their offsets and packed weights take 5 KiB, which leaves most of L1 to the rows of x that
 * the taps read: in one pass, those of 64 channels and a wide batch would leave L2.
 */
const DEPTH: i32 = 256;

/** Bytes of scratch that a thread needs for a pass: offsets and packed weights. */
// scratch: [offsets: DEPTH u32][packed: DEPTH × ROWS f32]
const PACKED: usize = (<usize>DEPTH) << 2;

/** offset[i] = where tap `from + i` of the kernel reads, relative to the window's corner, in bytes. */
function tapOffsets(
  offsets: usize,
  from: i32,
  count: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  batch: i32,
): void {
  const area = kernelHeight * kernelWidth;
  for (let i = 0; i < count; i++) {
    const t = from + i;
    const c = t / area;
    const ky = (t - c * area) / kernelWidth;
    const kx = t - c * area - ky * kernelWidth;
    store<u32>(offsets + ((<usize>i) << 2), (<u32>((c * height + ky) * width + kx) * <u32>batch) << 2);
  }
}

/** packed[i, r] = w[row + r, tap from + i] */
function packForward(packed: usize, w: usize, row: i32, rows: i32, from: i32, count: i32, depth: i32): void {
  for (let r = 0; r < rows; r++) {
    const source = w + ((<usize>((row + r) * depth + from)) << 2);
    const target = packed + ((<usize>r) << 2);
    for (let i = 0; i < count; i++) {
      store<f32>(target + ((<usize>i) << 4), load<f32>(source + ((<usize>i) << 2)));
    }
  }
}

/**
 * y (+)= w ⋆ x + bias. A tile is one output row of a block of 4 output channels; tiles [begin, end) count rows first.
 */
export function conv2dForward(
  y: usize,
  x: usize,
  w: usize,
  bias: usize,
  inChannels: i32,
  inHeight: i32,
  inWidth: i32,
  outChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const area = kernelHeight * kernelWidth;
  const depth = inChannels * area;
  const packed = scratch + PACKED;
  const lane = (<usize>batch) << 2;
  const ldy = <usize>(outHeight * outWidth) * lane;
  const rowBytes = <usize>(stride * inWidth) * lane;
  // A row is one run where neighbours in the output are neighbours in the input.
  const runs = stride == 1 ? 1 : outWidth;
  const columns = stride == 1 ? outWidth * batch : batch;
  for (let from = 0; from < depth; from += DEPTH) {
    const count = min(DEPTH, depth - from);
    const add = accumulate != 0 || from > 0;
    const biasNow: usize = from > 0 ? 0 : bias;
    tapOffsets(scratch, from, count, inHeight, inWidth, kernelHeight, kernelWidth, batch);
    for (let tile = begin; tile < end; ) {
      const block = tile / outHeight;
      const row = block * ROWS;
      const rows = min(ROWS, outChannels - row);
      packForward(packed, w, row, rows, from, count, depth);
      const blockBias: usize = biasNow ? biasNow + ((<usize>row) << 2) : 0;
      const last = min(end, (block + 1) * outHeight);
      for (; tile < last; tile++) {
        const oy = tile - block * outHeight;
        let yr = y + <usize>row * ldy + <usize>(oy * outWidth) * lane;
        let xr = x + <usize>oy * rowBytes;
        for (let run = 0; run < runs; run++, yr += lane, xr += <usize>stride * lane) {
          gemmBlock(yr, ldy, rows, columns, packed, 16, xr, scratch, count, blockBias, add);
        }
      }
    }
  }
}

/** Floats of a channel of dy that a sum takes in one sweep: whole rows, of which two channels fill half of L1. */
const SPAN: i32 = 4096;

/** Weight tiles that one sweep over the rows keeps sums for, so that they stay in L1 and in a thread's scratch. */
const SWEEP: i32 = 256;

/** Taps of a weight tile; a tile is 2 output channels × 4 taps, eight sums of four lanes. */
const TAPS: i32 = 4;

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

/**
 * dw (+)= the gradient of the weights: dw[o, t] = Σ_{row, column, image} dy[o, ·]·x[t, ·]. Tile = 2 output channels × 4
 * taps; tiles count taps first. Spans of rows are summed one by one and then added, so that the error of a sum grows with
 * the length of a span, not of the image.
 */
export function conv2dBackwardWeights(
  dw: usize,
  dy: usize,
  x: usize,
  inChannels: i32,
  inHeight: i32,
  inWidth: i32,
  outChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  stride: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const depth = inChannels * kernelHeight * kernelWidth;
  const groups = (depth + TAPS - 1) / TAPS;
  const lane = (<usize>batch) << 2;
  const dyRow = <usize>outWidth * lane;
  const dyChannel = <usize>outHeight * dyRow;
  const bytes = stride == 1 ? dyRow : lane;
  const lines = stride == 1 ? max(1, SPAN / (outWidth * batch)) : 1;
  const xStep: usize = stride == 1 ? <usize>(inWidth - outWidth) * lane : <usize>(stride - 1) * lane;
  const xRow = <usize>(stride * inWidth) * lane;
  // scratch: [offsets of a tile's 4 taps: SWEEP × TAPS u32][sums: SWEEP × 8 v128]
  const sums = scratch + ((<usize>(SWEEP * TAPS)) << 2);
  for (let first = begin; first < end; first += SWEEP) {
    const tiles = min(SWEEP, end - first);
    memory.fill(sums, 0, (<usize>tiles) << 7);
    for (let i = 0; i < tiles; i++) {
      const group = (first + i) % groups;
      for (let j = 0; j < TAPS; j++) {
        // Taps beyond the last repeat it; their sums are not written.
        const t = min(group * TAPS + j, depth - 1);
        tapOffsets(scratch + ((<usize>(i * TAPS + j)) << 2), t, 1, inHeight, inWidth, kernelHeight, kernelWidth, batch);
      }
    }
    for (let oy = 0; oy < outHeight; oy += lines) {
      const xr = x + <usize>oy * xRow;
      const runs = stride == 1 ? min(lines, outHeight - oy) : outWidth;
      let o = (first / groups) << 1;
      let left = groups - (first % groups);
      for (let i = 0; i < tiles; i++, left--) {
        if (left == 0) {
          left = groups;
          o += 2;
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
    for (let i = 0; i < tiles; i++) {
      const pair = (first + i) / groups;
      const group = first + i - pair * groups;
      const taps = min(TAPS, depth - group * TAPS);
      for (let r = 0; r < min(2, outChannels - 2 * pair); r++) {
        const target = dw + ((<usize>((2 * pair + r) * depth + group * TAPS)) << 2);
        const source = sums + ((<usize>i) << 7) + ((<usize>r) << 6);
        for (let j = 0; j < taps; j++) {
          const p = target + ((<usize>j) << 2);
          const sum = hsum(v128.load(source + ((<usize>j) << 4)));
          store<f32>(p, accumulate ? load<f32>(p) + sum : sum);
        }
      }
    }
  }
}
