// Fully connected layers: matrix products with the images as columns, by the tiles of gemm.ts.
//
// x [in, B]   w [out, in]   y [out, B]   B the padded batch, a multiple of 4
import { gemmBlock, ROWS } from "./gemm";
import { transpose } from "./layout";

/** Features summed in one pass: their offsets and packed weights stay in L1. Bounds a thread's scratch. */
const DEPTH: i32 = 4096;

/** offset[i] = i·stride bytes */
function evenOffsets(offsets: usize, count: i32, stride: usize): void {
  for (let i = 0; i < count; i++) store<u32>(offsets + ((<usize>i) << 2), <u32>(<usize>i * stride));
}

/** y (+)= w·x + bias. Tile = 4 output features, whose weights are laid side by side first. */
export function linearForward(
  y: usize,
  x: usize,
  w: usize,
  bias: usize,
  inFeatures: i32,
  outFeatures: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const lane = (<usize>batch) << 2;
  const packed = scratch + ((<usize>DEPTH) << 2);
  evenOffsets(scratch, min(DEPTH, inFeatures), lane);
  for (let tile = begin; tile < end; tile++) {
    const row = tile * ROWS;
    const rows = min(ROWS, outFeatures - row);
    for (let from = 0; from < inFeatures; from += DEPTH) {
      const count = min(DEPTH, inFeatures - from);
      transpose(
        packed,
        w + ((<usize>(row * inFeatures + from)) << 2),
        rows,
        count,
        inFeatures,
        ROWS,
        0,
        (count + 3) >> 2,
      );
      gemmBlock(
        y + <usize>row * lane,
        lane,
        rows,
        batch,
        packed,
        16,
        x + <usize>from * lane,
        scratch,
        count,
        bias && from == 0 ? bias + ((<usize>row) << 2) : 0,
        accumulate != 0 || from > 0,
      );
    }
  }
}

/** dx (+)= wᵀ·dy. Tile = 4 input features: a column block of w, whose rows lie ready. */
export function linearBackwardData(
  dx: usize,
  dy: usize,
  w: usize,
  inFeatures: i32,
  outFeatures: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const lane = (<usize>batch) << 2;
  const ldw = (<usize>inFeatures) << 2;
  evenOffsets(scratch, min(DEPTH, outFeatures), lane);
  for (let tile = begin; tile < end; tile++) {
    const row = tile * ROWS;
    const rows = min(ROWS, inFeatures - row);
    for (let from = 0; from < outFeatures; from += DEPTH) {
      gemmBlock(
        dx + <usize>row * lane,
        lane,
        rows,
        batch,
        w + <usize>from * ldw + ((<usize>row) << 2),
        ldw,
        dy + <usize>from * lane,
        scratch,
        min(DEPTH, outFeatures - from),
        0,
        accumulate != 0 || from > 0,
      );
    }
  }
}

/** Features a side of a weight tile, and images summed in one pass: both operands, transposed, stay in L2. */
export const SIDE: i32 = 64;
const IMAGES: i32 = 128;

/**
 * dw (+)= dy·xᵀ, as a sum of outer products over the images, both operands transposed first so that the 4×8 tile
 * reads them as they lie. Tile = 64 output × 64 input features; tiles count input features first.
 */
export function linearBackwardWeights(
  dw: usize,
  dy: usize,
  x: usize,
  inFeatures: i32,
  outFeatures: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const across = (inFeatures + SIDE - 1) / SIDE;
  const lane = (<usize>batch) << 2;
  const ldw = (<usize>inFeatures) << 2;
  // scratch: [offsets: IMAGES u32][xᵀ: IMAGES × SIDE][dyᵀ: IMAGES × SIDE]
  const xt = scratch + ((<usize>IMAGES) << 2);
  const dyt = xt + ((<usize>(IMAGES * SIDE)) << 2);
  evenOffsets(scratch, min(IMAGES, batch), (<usize>SIDE) << 2);
  for (let tile = begin; tile < end; tile++) {
    const out = (tile / across) * SIDE;
    const column = (tile % across) * SIDE;
    const outs = min(SIDE, outFeatures - out);
    const columns = min(SIDE, inFeatures - column);
    for (let from = 0; from < batch; from += IMAGES) {
      const images = min(IMAGES, batch - from);
      const skip = (<usize>from) << 2;
      transpose(xt, x + <usize>column * lane + skip, columns, images, batch, SIDE, 0, images >> 2);
      transpose(dyt, dy + <usize>out * lane + skip, outs, images, batch, SIDE, 0, images >> 2);
      for (let r = 0; r < outs; r += ROWS) {
        gemmBlock(
          dw + <usize>(out + r) * ldw + ((<usize>column) << 2),
          ldw,
          min(ROWS, outs - r),
          columns,
          dyt + ((<usize>r) << 2),
          (<usize>SIDE) << 2,
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
