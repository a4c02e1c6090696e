// Fully connected layers: matrix products with the images as columns, by the tiles of gemm.ts.
//
// x [in, B]   w [out, in]   y [out, B]   B even: what is read as whole vectors may lie beyond a row's end
import { Buffer, Flag, OptionalBuffer } from "./fields";
import { gemmBlock } from "./gemm";
import { start } from "./gemm-tiles";
import { transpose } from "./layout";
import { madd, storeLanes } from "./simd";
import { LINEAR_FEATURES, LINEAR_FEW, LINEAR_IMAGES, LINEAR_SIDE, ROWS } from "./tiles";

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
): void {
  const y1 = y + ldy;
  const bias1: usize = bias ? bias + 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c02 = start(y + 32, bias, accumulate);
  let c10 = start(y1, bias1, accumulate);
  let c11 = start(y1 + 16, bias1, accumulate);
  let c12 = start(y1 + 32, bias1, accumulate);
  let w1 = w + ldw;
  for (const end = w + ((<usize>depth) << 2); w < end; w += 4, w1 += 4, x += ldx) {
    const s0 = v128.load32_splat(w);
    const s1 = v128.load32_splat(w1);
    let b = v128.load(x);
    c00 = madd(c00, s0, b);
    c10 = madd(c10, s1, b);
    b = v128.load(x, 16);
    c01 = madd(c01, s0, b);
    c11 = madd(c11, s1, b);
    b = v128.load(x, 32);
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
): void {
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
  for (const end = w + ((<usize>depth) << 2); w < end; w += 4, w1 += 4, w2 += 4, w3 += 4, x += ldx) {
    const b0 = v128.load(x);
    const b1 = v128.load(x, 16);
    let s = v128.load32_splat(w);
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
  for (let tile = begin; tile < end; tile++) {
    const row = tile * ROWS;
    const rows = min(ROWS, outFeatures - row);
    const yr = y + <usize>row * lane;
    const wr = w + <usize>row * ldw;
    const br: usize = bias ? bias + ((<usize>row) << 2) : 0;
    if (inPlace && twelves && (rows & 1) == 0) {
      for (let r = 0; r < rows; r += 2) {
        const skip = <usize>r;
        for (let c: usize = 0; c < lane; c += 48) {
          rows2x12(
            yr + skip * lane + c,
            lane,
            wr + skip * ldw,
            ldw,
            x + c,
            lane,
            inFeatures,
            br ? br + skip * 4 : 0,
            add,
            lane - c < 48,
          );
        }
      }
    } else if (inPlace && lanes % 8 == 0 && rows == ROWS) {
      for (let c: usize = 0; c < lane; c += 32) rows4x8(yr + c, lane, wr, ldw, x + c, lane, inFeatures, br, add);
    } else {
      packedForward(yr, x, wr, br, rows, inFeatures, lanes, add, scratch);
    }
  }
}

/** One block of `rows` output features, whose weights are laid side by side first. */
function packedForward(
  y: usize,
  x: usize,
  w: usize,
  bias: usize,
  rows: i32,
  inFeatures: i32,
  lanes: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const lane = (<usize>lanes) << 2;
  const packed = scratch + ((<usize>LINEAR_FEATURES) << 2);
  evenOffsets(scratch, min(LINEAR_FEATURES, inFeatures), lane);
  for (let from = 0; from < inFeatures; from += LINEAR_FEATURES) {
    const count = min(LINEAR_FEATURES, inFeatures - from);
    const skip = <usize>from;
    transpose(packed, w + (skip << 2), rows, count, inFeatures, ROWS, 0, (count + 3) >> 2);
    const first = from == 0 ? bias : 0;
    gemmBlock(y, lane, rows, lanes, packed, 16, x + skip * lane, scratch, count, first, accumulate || from > 0);
  }
}

@unmanaged
export class LinearBackwardDataJob extends LinearShape {
  dx: Buffer;
  dy: Buffer;
  w: Buffer;
  accumulate: Flag;
}

/** dx (+)= wᵀ·dy. A tile is ROWS input features: a column block of w, whose rows lie ready. */
export function linearBackwardData(job: LinearBackwardDataJob, scratch: usize, begin: i32, end: i32): void {
  const dx = job.dx;
  const dy = job.dy;
  const w = job.w;
  const inFeatures = job.inFeatures;
  const outFeatures = job.outFeatures;
  const lanes = job.lanes;
  const accumulate = job.accumulate;
  const lane = (<usize>lanes) << 2;
  const ldw = (<usize>inFeatures) << 2;
  evenOffsets(scratch, min(LINEAR_FEATURES, outFeatures), lane);
  for (let tile = begin; tile < end; tile++) {
    const row = tile * ROWS;
    const rows = min(ROWS, inFeatures - row);
    for (let from = 0; from < outFeatures; from += LINEAR_FEATURES) {
      gemmBlock(
        dx + <usize>row * lane,
        lane,
        rows,
        lanes,
        w + <usize>from * ldw + ((<usize>row) << 2),
        ldw,
        dy + <usize>from * lane,
        scratch,
        min(LINEAR_FEATURES, outFeatures - from),
        0,
        accumulate != 0 || from > 0,
      );
    }
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
 * reads them as they lie. A tile is LINEAR_SIDE × LINEAR_SIDE features; tiles count input features first.
 */
export function linearBackwardWeights(job: LinearBackwardWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const dw = job.dw;
  const dy = job.dy;
  const x = job.x;
  const inFeatures = job.inFeatures;
  const outFeatures = job.outFeatures;
  const lanes = job.lanes;
  const accumulate = job.accumulate;
  const across = (inFeatures + LINEAR_SIDE - 1) / LINEAR_SIDE;
  const lane = (<usize>lanes) << 2;
  const ldw = (<usize>inFeatures) << 2;
  // scratch: [offsets: LINEAR_IMAGES u32][xᵀ: LINEAR_IMAGES × LINEAR_SIDE][dyᵀ: LINEAR_IMAGES × LINEAR_SIDE]
  const xt = scratch + ((<usize>LINEAR_IMAGES) << 2);
  const dyt = xt + ((<usize>(LINEAR_IMAGES * LINEAR_SIDE)) << 2);
  evenOffsets(scratch, min(LINEAR_IMAGES, lanes), (<usize>LINEAR_SIDE) << 2);
  for (let tile = begin; tile < end; tile++) {
    const out = (tile / across) * LINEAR_SIDE;
    const column = (tile % across) * LINEAR_SIDE;
    const outs = min(LINEAR_SIDE, outFeatures - out);
    const columns = min(LINEAR_SIDE, inFeatures - column);
    for (let from = 0; from < lanes; from += LINEAR_IMAGES) {
      const images = min(LINEAR_IMAGES, lanes - from);
      const skip = (<usize>from) << 2;
      const vectors = (images + 3) >> 2;
      transpose(xt, x + <usize>column * lane + skip, columns, 4 * vectors, lanes, LINEAR_SIDE, 0, vectors);
      transpose(dyt, dy + <usize>out * lane + skip, outs, 4 * vectors, lanes, LINEAR_SIDE, 0, vectors);
      for (let r = 0; r < outs; r += ROWS) {
        gemmBlock(
          dw + <usize>(out + r) * ldw + ((<usize>column) << 2),
          ldw,
          min(ROWS, outs - r),
          columns,
          dyt + ((<usize>r) << 2),
          (<usize>LINEAR_SIDE) << 2,
          xt,
          scratch,
          images,
          0,
          accumulate != 0 || from > 0,
        );
      }
    }
  }
}
