// Fully connected layers: matrix products with the images as columns, by the tiles of gemm.ts.
//
// x [in, B]   w [out, in]   y [out, B]   B even: what is read as whole vectors may lie beyond a row's end
import { Buffer, Flag, OptionalBuffer } from "./fields";
import { gemmBlock } from "./gemm";
import { start } from "./gemm-tiles";
import { transpose } from "./layout";
import { madd, storeLanes } from "./simd";
import {
  LINEAR_FEATURES,
  LINEAR_FEW,
  LINEAR_IMAGES,
  LINEAR_LARGE,
  LINEAR_OUTPUTS,
  LINEAR_SIDE,
  LINEAR_TILES,
  ROWS,
} from "./tiles";

/** The sizes of a layer. */
@unmanaged
export class LinearShape {
  inFeatures: i32;
  outFeatures: i32;
  lanes: i32;
}

/** offset[i] = i·stride bytes */
function evenOffsets(offsets: usize, count: i32, stride: usize): void {
  for (let i = 0; i < count; i++) store<u32>(offsets + ((<usize>i) << 2), <u32>(<usize>i * stride));
}

/**
 * 2 output features × 12 images, or where `half` 10 of them, the weights read as they lie: with so few images to share
 * them, packing would cost as much as multiplying. Sums in order of the features, as everywhere.
 */
function rows2x12(
  y: usize,
  ldy: usize,
  w: usize,
  ldw: usize,
  x: usize,
  ldx: usize,
  depth: i32,
  bias: usize,
  accumulate: bool,
  half: bool,
  pairs: i32,
): void {
  for (; pairs > 0; pairs--, y += 2 * ldy, w += 2 * ldw, bias += bias ? 8 : 0) {
    const y1 = y + ldy;
    const bias1: usize = bias ? bias + 4 : 0;
    let c00 = start(y, bias, accumulate);
    let c01 = start(y + 16, bias, accumulate);
    let c02 = start(y + 32, bias, accumulate);
    let c10 = start(y1, bias1, accumulate);
    let c11 = start(y1 + 16, bias1, accumulate);
    let c12 = start(y1 + 32, bias1, accumulate);
    let w1 = w + ldw;
    let w0 = w;
    let p = x;
    for (const end = w + ((<usize>depth) << 2); w0 < end; w0 += 4, w1 += 4, p += ldx) {
      const s0 = v128.load32_splat(w0);
      const s1 = v128.load32_splat(w1);
      let b = v128.load(p);
      c00 = madd(c00, s0, b);
      c10 = madd(c10, s1, b);
      b = v128.load(p, 16);
      c01 = madd(c01, s0, b);
      c11 = madd(c11, s1, b);
      b = v128.load(p, 32);
      c02 = madd(c02, s0, b);
      c12 = madd(c12, s1, b);
    }
    v128.store(y, c00);
    v128.store(y, c01, 16);
    storeLanes(y + 32, c02, half);
    v128.store(y1, c10);
    v128.store(y1, c11, 16);
    storeLanes(y1 + 32, c12, half);
  }
}

/** 4 output features × 8 images, the weights read as they lie. */
function rows4x8(
  y: usize,
  ldy: usize,
  w: usize,
  ldw: usize,
  x: usize,
  ldx: usize,
  depth: i32,
  bias: usize,
  accumulate: bool,
  count: i32,
): void {
  for (; count > 0; count--, y += 32, x += 32) {
    const y1 = y + ldy;
    const y2 = y1 + ldy;
    const y3 = y2 + ldy;
    const next: usize = bias ? 4 : 0;
    let c00 = start(y, bias, accumulate);
    let c01 = start(y + 16, bias, accumulate);
    let c10 = start(y1, bias + next, accumulate);
    let c11 = start(y1 + 16, bias + next, accumulate);
    let c20 = start(y2, bias + 2 * next, accumulate);
    let c21 = start(y2 + 16, bias + 2 * next, accumulate);
    let c30 = start(y3, bias + 3 * next, accumulate);
    let c31 = start(y3 + 16, bias + 3 * next, accumulate);
    let w1 = w + ldw;
    let w2 = w1 + ldw;
    let w3 = w2 + ldw;
    let w0 = w;
    let p = x;
    for (const end = w + ((<usize>depth) << 2); w0 < end; w0 += 4, w1 += 4, w2 += 4, w3 += 4, p += ldx) {
      const b0 = v128.load(p);
      const b1 = v128.load(p, 16);
      let s = v128.load32_splat(w0);
      c00 = madd(c00, s, b0);
      c01 = madd(c01, s, b1);
      s = v128.load32_splat(w1);
      c10 = madd(c10, s, b0);
      c11 = madd(c11, s, b1);
      s = v128.load32_splat(w2);
      c20 = madd(c20, s, b0);
      c21 = madd(c21, s, b1);
      s = v128.load32_splat(w3);
      c30 = madd(c30, s, b0);
      c31 = madd(c31, s, b1);
    }
    v128.store(y, c00);
    v128.store(y, c01, 16);
    v128.store(y1, c10);
    v128.store(y1, c11, 16);
    v128.store(y2, c20);
    v128.store(y2, c21, 16);
    v128.store(y3, c30);
    v128.store(y3, c31, 16);
  }
}

@unmanaged
export class LinearForwardJob extends LinearShape {
  y: Buffer;
  x: Buffer;
  w: Buffer;
  bias: OptionalBuffer;
  accumulate: Flag;
}

/** y (+)= w·x + bias. A tile is ROWS output features. */
export function linearForward(job: LinearForwardJob, scratch: usize, begin: i32, end: i32): void {
  const y = job.y;
  const x = job.x;
  const w = job.w;
  const bias = job.bias;
  const inFeatures = job.inFeatures;
  const outFeatures = job.outFeatures;
  const lanes = job.lanes;
  const lane = (<usize>lanes) << 2;
  const ldw = (<usize>inFeatures) << 2;
  const add = job.accumulate != 0;
  const twelves = lanes % 12 == 0 || lanes % 12 == 10;
  const inPlace = lanes <= LINEAR_FEW && (twelves || lanes % 8 == 0);
  if (!inPlace) {
    packedForward(job, scratch, begin, end);
    return;
  }
  for (let tile = begin; tile < end; tile++) {
    const row = tile * ROWS;
    const rows = min(ROWS, outFeatures - row);
    const yr = y + <usize>row * lane;
    const wr = w + <usize>row * ldw;
    const br: usize = bias ? bias + ((<usize>row) << 2) : 0;
    if (twelves && (rows & 1) == 0) {
      for (let c: usize = 0; c < lane; c += 48) {
        rows2x12(yr + c, lane, wr, ldw, x + c, lane, inFeatures, br, add, lane - c < 48, rows >> 1);
      }
    } else if (lanes % 8 == 0 && rows == ROWS) {
      rows4x8(yr, lane, wr, ldw, x, lane, inFeatures, br, add, lanes >> 3);
    } else {
      packedForward(job, scratch, tile, tile + 1);
    }
  }
}

/**
 * Tiles begin … end − 1, whose weights are laid side by side first. A pass over some features goes
 * over all tiles.
 */
function packedForward(job: LinearForwardJob, scratch: usize, begin: i32, end: i32): void {
  const inFeatures = job.inFeatures;
  const lanes = job.lanes;
  const lane = (<usize>lanes) << 2;
  const packed = scratch + ((<usize>LINEAR_FEATURES) << 2);
  evenOffsets(scratch, min(LINEAR_FEATURES, inFeatures), lane);
  for (let from = 0; from < inFeatures; from += LINEAR_FEATURES) {
    const count = min(LINEAR_FEATURES, inFeatures - from);
    const x = job.x + <usize>from * lane;
    const bias: usize = from == 0 ? job.bias : 0;
    const add = job.accumulate != 0 || from > 0;
    for (let tile = begin; tile < end; tile++) {
      const row = tile * ROWS;
      const rows = min(ROWS, job.outFeatures - row);
      const w = job.w + ((<usize>row * <usize>inFeatures + <usize>from) << 2);
      transpose(packed, w, rows, count, inFeatures, ROWS, 0, (count + 3) >> 2);
      const biasHere: usize = bias ? bias + ((<usize>row) << 2) : 0;
      gemmBlock(job.y + <usize>row * lane, lane, rows, lanes, packed, 16, x, scratch, count, biasHere, add);
    }
  }
}

@unmanaged
export class LinearBackwardDataJob extends LinearShape {
  dx: Buffer;
  dy: Buffer;
  w: Buffer;
  accumulate: Flag;
}

/**
 * dx (+)= wᵀ·dy. A tile is ROWS input features: a column block of w, whose rows lie ready. Of a large w a column would not stay in
 * the cache while the images go by: the weights of some tiles are packed first.
 */
export function linearBackwardData(job: LinearBackwardDataJob, scratch: usize, begin: i32, end: i32): void {
  const dx = job.dx;
  const dy = job.dy;
  const accumulate = job.accumulate != 0;
  const inFeatures = job.inFeatures;
  const outFeatures = job.outFeatures;
  const lanes = job.lanes;
  const lane = (<usize>lanes) << 2;
  const ldw = (<usize>inFeatures) << 2;
  // scratch: [offsets: LINEAR_OUTPUTS u32][packed: LINEAR_TILES × (LINEAR_OUTPUTS × ROWS f32 and a cache line)]
  const packed = scratch + ((<usize>LINEAR_OUTPUTS) << 2);
  const packs = inFeatures * outFeatures > LINEAR_LARGE;
  evenOffsets(scratch, min(LINEAR_OUTPUTS, outFeatures), lane);
  for (let tile = begin; tile < end; tile += LINEAR_TILES) {
    const first = tile * ROWS;
    const rows = min(LINEAR_TILES * ROWS, min(end * ROWS, inFeatures) - first);
    for (let from = 0; from < outFeatures; from += LINEAR_OUTPUTS) {
      const count = min(LINEAR_OUTPUTS, outFeatures - from);
      const w = job.w + <usize>from * ldw + ((<usize>first) << 2);
      // From tile to tile, and from row to row.
      const block: usize = packs ? ((<usize>(count * ROWS)) << 2) + 64 : 16;
      const lda: usize = packs ? 16 : ldw;
      if (packs) packColumns(packed, block, w, rows, count, ldw);
      for (let r = 0; r < rows; r += ROWS) {
        gemmBlock(
          dx + <usize>(first + r) * lane,
          lane,
          min(ROWS, rows - r),
          lanes,
          (packs ? packed : w) + <usize>(r / ROWS) * block,
          lda,
          dy + <usize>from * lane,
          scratch,
          count,
          0,
          accumulate || from > 0,
        );
      }
    }
  }
}

/** packed[r / ROWS, o, r % ROWS] = w[o, r] for r < rows, o < count; `block` bytes between the tiles of packed */
function packColumns(packed: usize, block: usize, w: usize, rows: i32, count: i32, ldw: usize): void {
  const whole = (<usize>(rows / ROWS)) << 4;
  for (let o = 0; o < count; o++, packed += 16, w += ldw) {
    let p = packed;
    for (let r: usize = 0; r < whole; r += 16, p += block) v128.store(p, v128.load(w + r));
    for (let r = whole; r < (<usize>rows) << 2; r += 4, p += 4) store<f32>(p, load<f32>(w + r));
  }
}

@unmanaged
export class LinearBackwardWeightsJob extends LinearShape {
  dw: Buffer;
  dy: Buffer;
  x: Buffer;
  accumulate: Flag;
}

/**
 * dw (+)= dy·xᵀ, as a sum of outer products over the images, both operands transposed first so that the 4×8 tile
 * reads them as they lie. A tile is LINEAR_SIDE × LINEAR_SIDE features; tiles count input features first. Of few images there is
 * room for several tiles side by side: longer pieces of the rows of dw come and go faster.
 */
export function linearBackwardWeights(job: LinearBackwardWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const inFeatures = job.inFeatures;
  const outFeatures = job.outFeatures;
  const lanes = job.lanes;
  const across = (inFeatures + LINEAR_SIDE - 1) / LINEAR_SIDE;
  const side = max(1, LINEAR_IMAGES / ((lanes + 3) & ~3));
  const lane = (<usize>lanes) << 2;
  const ldw = (<usize>inFeatures) << 2;
  // scratch: [offsets: LINEAR_IMAGES u32][xᵀ: LINEAR_IMAGES × LINEAR_SIDE][dyᵀ: LINEAR_IMAGES × LINEAR_SIDE]
  const xt = scratch + ((<usize>LINEAR_IMAGES) << 2);
  const dyt = xt + ((<usize>(LINEAR_IMAGES * LINEAR_SIDE)) << 2);
  // The output features that dyᵀ has, where all images fit.
  let there = -1;
  for (let tile = begin; tile < end; ) {
    const out = (tile / across) * LINEAR_SIDE;
    const first = tile % across;
    const tiles = min(side, min(end - tile, across - first));
    const column = first * LINEAR_SIDE;
    const outs = min(LINEAR_SIDE, outFeatures - out);
    const columns = min(tiles * LINEAR_SIDE, inFeatures - column);
    evenOffsets(scratch, min(LINEAR_IMAGES, lanes), (<usize>(tiles * LINEAR_SIDE)) << 2);
    for (let from = 0; from < lanes; from += LINEAR_IMAGES) {
      const images = min(LINEAR_IMAGES, lanes - from);
      const skip = (<usize>from) << 2;
      const vectors = (images + 3) >> 2;
      transpose(xt, job.x + <usize>column * lane + skip, columns, 4 * vectors, lanes, tiles * LINEAR_SIDE, 0, vectors);
      if (out != there || lanes > LINEAR_IMAGES) {
        transpose(dyt, job.dy + <usize>out * lane + skip, outs, 4 * vectors, lanes, LINEAR_SIDE, 0, vectors);
        there = out;
      }
      for (let r = 0; r < outs; r += ROWS) {
        gemmBlock(
          job.dw + <usize>(out + r) * ldw + ((<usize>column) << 2),
          ldw,
          min(ROWS, outs - r),
          columns,
          dyt + ((<usize>r) << 2),
          (<usize>LINEAR_SIDE) << 2,
          xt,
          scratch,
          images,
          0,
          job.accumulate != 0 || from > 0,
        );
      }
    }
    tile += tiles;
  }
}
