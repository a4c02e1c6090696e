// Convolution with fewer multiplications (Winograd 1980; Lavin and Gray 2016), images innermost: stride 1, a square kernel
// of r = 3 or 5. A tile of 6×6 inputs gives m×m outputs, m = 7 − r, by 36 products where the sum itself takes m²·r²:
// 4 times as many for r = 3, 2.8 times for r = 5. With the points 0, ±1, ±2, ∞ of interpolation, in one dimension
//
//   y = Aᵀ[(G·w) ⊙ (Bᵀ·x)]        the same tile in all three passes; in two dimensions each matrix acts on both sides:
//   forward          Y = Aᵀ[Σ_c (G w Gᵀ) ⊙ (Bᵀ x B)] A
//   data gradient    the forward pass of dy with the kernel turned round
//   weight gradient  dw = Gᵀ[Σ (A dy Aᵀ) ⊙ (Bᵀ x B)] G, summed over tiles and images
//
// so that each of the 36 positions of a tile is a matrix product over channels, for the tiles of gemm.ts. A block of
// tiles × lanes goes through at a time, whose transforms stay in the calling thread's scratch, in L2. Rounding errors are
// about ten times those of the direct sum, and which of the two a layer uses is decided by its shape alone
// (src/backend/wasm/winograd-plan.ts).
//
// x [c, h, w, B]   w [oc, c, r, r]   y [oc, oh, ow, B]   u [36, oc / 4, c, 4]   channels and B multiples of 4
import { Buffer, Flag, OptionalBuffer } from "./fields";
import { gemmBlock } from "./gemm";
import { ROWS, WINOGRAD_POSITIONS, WINOGRAD_SKEW } from "./tiles";
import {
  blockIn,
  COLUMNS,
  columnRow,
  FOUR,
  placeBlock,
  TILES,
  transformColumns,
  transformTile,
  WinogradBlock,
  WinogradShape,
} from "./winograd-block";
import { OutputPlace, transformOutputs } from "./winograd-matrices";

@unmanaged
export class WinogradForwardJob extends WinogradShape {
  y: Buffer;
  x: Buffer;
  /** The transformed weights. */
  u: Buffer;
  bias: OptionalBuffer;
  accumulate: Flag;
}

/**
 * y (+)= w ⋆ x + bias over an input with `padding` zeros around it, from the transformed weights u. A tile of the job is a
 * block of `tileBlock` tiles × `laneBlock` images.
 */
export function winogradForward(job: WinogradForwardJob, scratch: usize, begin: i32, end: i32): void {
  const inChannels = job.inChannels;
  const block = blockIn(scratch, job);
  let offsetsOf = 0;
  for (let index = begin; index < end; index++) {
    placeBlock(block, job, index);
    const cells = block.cells;
    const cellBytes = (<usize>cells) << 2;
    if (offsetsOf != cells) {
      for (let c = 0; c < inChannels; c++) store<u32>(scratch + ((<usize>c) << 2), <u32>(<usize>c * cellBytes));
      offsetsOf = cells;
    }
    const ldv = (<usize>(inChannels * cells + WINOGRAD_SKEW)) << 2;
    const ldm = (<usize>(job.outChannels * cells + WINOGRAD_SKEW)) << 2;
    const v = scratch + TILES;
    const products = v + WINOGRAD_POSITIONS * ldv;
    transformInputs(job, block, scratch, v, ldv);
    multiply(job, cells, scratch, v, ldv, products, ldm);
    writeOutputs(job, block, scratch, products, ldm);
  }
}

/** v [36, c, tile, lane] = Bᵀ x B of the block, positions `ldv` bytes apart. */
function transformInputs(job: WinogradForwardJob, block: WinogradBlock, scratch: usize, v: usize, ldv: usize): void {
  const inChannels = job.inChannels;
  const plane = <usize>(job.inHeight * job.inWidth) * block.pixel;
  const lanes = <usize>block.lanes;
  const tiles = <usize>block.tiles;
  const m = <usize>block.m;
  const cellBytes = (<usize>block.cells) << 2;
  const tmp = scratch + COLUMNS;
  const ld = columnRow(block);
  const first = job.x + ((<usize>block.lane) << 2);
  for (let c = 0; c < inChannels; c++) {
    const source = first + <usize>c * plane;
    const target = v + <usize>c * cellBytes;
    for (let l: usize = 0; l < lanes; l += 4) {
      transformColumns(tmp, source + (l << 2), scratch, job, block);
      for (let t: usize = 0; t < tiles; t++) {
        transformTile(target + ((t * lanes + l) << 2), ldv, tmp + ((t * m) << 4), ld);
      }
    }
  }
}

/** products [36, oc, cell] = u·v, at each position; the offsets of v's channels lie at the start of scratch. */
function multiply(
  job: WinogradForwardJob,
  cells: i32,
  scratch: usize,
  v: usize,
  ldv: usize,
  products: usize,
  ldm: usize,
): void {
  const u = job.u;
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const position = (<usize>(outChannels * inChannels)) << 2;
  const cellBytes = (<usize>cells) << 2;
  for (let p: usize = 0; p < WINOGRAD_POSITIONS; p++) {
    for (let o = 0; o < outChannels; o += ROWS) {
      gemmBlock(
        products + p * ldm + <usize>o * cellBytes,
        cellBytes,
        ROWS,
        cells,
        u + p * position + ((<usize>(o * inChannels)) << 2),
        16,
        v + p * ldv,
        scratch,
        inChannels,
        0,
        false,
      );
    }
  }
}

/** y (+)= Aᵀ·products·A + bias, as far as the block's tiles lie in the output. */
function writeOutputs(
  job: WinogradForwardJob,
  block: WinogradBlock,
  scratch: usize,
  products: usize,
  ldm: usize,
): void {
  const bias = job.bias;
  const outChannels = job.outChannels;
  const outWidth = job.outWidth;
  const m = block.m;
  const pixel = block.pixel;
  const lanes = block.lanes;
  const laneBytes = (<usize>lanes) << 2;
  const ldy = <usize>outWidth * pixel;
  const plane = <usize>job.outHeight * ldy;
  const cellBytes = (<usize>block.cells) << 2;
  const tmp = scratch + FOUR;
  const place = changetype<OutputPlace>(tmp + 1024);
  place.m = m;
  place.rows = min(m, job.outHeight - block.top);
  place.ldy = ldy;
  place.lane = pixel;
  place.accumulate = job.accumulate != 0;
  const corner = job.y + <usize>block.top * ldy + ((<usize>block.lane) << 2);
  for (let o = 0; o < outChannels; o++) {
    const b = bias ? v128.load32_splat(bias + ((<usize>o) << 2)) : f32x4.splat(0);
    for (let t = 0; t < block.tiles; t++) {
      const left = block.left + t * m;
      place.across = min(m, outWidth - left);
      const target = corner + <usize>o * plane + <usize>left * pixel;
      const source = products + <usize>o * cellBytes + ((<usize>(t * lanes)) << 2);
      for (let l: usize = 0; l < laneBytes; l += 16) transformOutputs(target + l, source + l, ldm, b, place, tmp);
    }
  }
}
