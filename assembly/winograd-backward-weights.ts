// The gradient of the weights by Winograd's transforms (winograd.ts), before it is transformed back.
//
// x [c, h, w, B]   dy [oc, oh, ow, B]   du [groups, 36, oc, c]   channels and B are multiples of 4
import { Buffer } from "./fields";
import { gemmBlock } from "./gemm";
import { transpose4x4 } from "./layout";
import { ROWS, WINOGRAD_POSITIONS, WINOGRAD_SKEW } from "./tiles";
import {
  blockIn,
  blocksOf,
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
import { widen } from "./winograd-matrices";

@unmanaged
export class WinogradBackwardWeightsJob extends WinogradShape {
  du: Buffer;
  dy: Buffer;
  x: Buffer;
  groups: i32;
}

/**
 * du[group] = Σ (A dy Aᵀ) ⊙ (Bᵀ x B), [36, oc, c], over the group's share of the blocks of tiles × lanes. A tile of the
 * job is one of `groups` groups; how many there are decides the order of the sum, and is decided by the shape.
 */
export function winogradBackwardWeights(job: WinogradBackwardWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const groups = job.groups;
  const block = blockIn(scratch, job);
  const blocks = blocksOf(block, job);
  const ldc = (<usize>job.inChannels) << 2;
  const ldo = (<usize>job.outChannels) << 2;
  const size = <usize>job.outChannels * ldc;
  for (let i = 0; i < job.laneBlock * job.tileBlock; i++) {
    store<u32>(scratch + ((<usize>i) << 2), <u32>(<usize>i * ldc));
  }
  for (let group = begin; group < end; group++) {
    const target = job.du + <usize>group * WINOGRAD_POSITIONS * size;
    const last = ((group + 1) * blocks) / groups;
    const first = (group * blocks) / groups;
    for (let index = first; index < last; index++) {
      placeBlock(block, job, index);
      const ldv = <usize>block.cells * ldc + ((<usize>WINOGRAD_SKEW) << 2);
      const ldd = <usize>block.cells * ldo + ((<usize>WINOGRAD_SKEW) << 2);
      const v = scratch + TILES;
      const d = v + WINOGRAD_POSITIONS * ldv;
      for (let l = 0; l < block.lanes; l += 4) {
        turnInputs(job, block, scratch, l, v, ldv);
        turnGradients(job, block, scratch, l, d, ldd);
      }
      addProducts(job, block.cells, scratch, target, v, ldv, d, ldd, index > first);
    }
  }
}

/** v [36, cell, c] = Bᵀ x B for four lanes of the block from `l` on, positions `ldv` bytes apart. */
function turnInputs(
  job: WinogradBackwardWeightsJob,
  block: WinogradBlock,
  scratch: usize,
  l: i32,
  v: usize,
  ldv: usize,
): void {
  const inChannels = job.inChannels;
  const ldc = (<usize>inChannels) << 2;
  const plane = <usize>(job.inHeight * job.inWidth) * block.pixel;
  const lanes = block.lanes;
  const tiles = block.tiles;
  const m = block.m;
  const tmp = scratch + COLUMNS;
  const four = scratch + FOUR;
  const ld = columnRow(block);
  const first = job.x + ((<usize>(block.lane + l)) << 2);
  for (let c = 0; c < inChannels; c += 4) {
    for (let q = 0; q < 4; q++) {
      transformColumns(tmp + <usize>q * 6 * ld, first + <usize>(c + q) * plane, scratch, job, block);
    }
    for (let t = 0; t < tiles; t++) {
      for (let q: usize = 0; q < 4; q++) {
        transformTile(four + (q << 4), 64, tmp + q * 6 * ld + ((<usize>(t * m)) << 4), ld);
      }
      turnFour(v + <usize>(t * lanes + l) * ldc + ((<usize>c) << 2), ldv, ldc, four);
    }
  }
}

/** d [36, cell, oc] = A dy Aᵀ for four lanes of the block from `l` on, positions `ldd` bytes apart. */
function turnGradients(
  job: WinogradBackwardWeightsJob,
  block: WinogradBlock,
  scratch: usize,
  l: i32,
  d: usize,
  ldd: usize,
): void {
  const outChannels = job.outChannels;
  const outWidth = job.outWidth;
  const ldo = (<usize>outChannels) << 2;
  const pixel = block.pixel;
  const ldy = <usize>outWidth * pixel;
  const plane = <usize>job.outHeight * ldy;
  const lanes = block.lanes;
  const tiles = block.tiles;
  const m = block.m;
  const tmp = scratch + COLUMNS;
  const four = scratch + FOUR;
  const rows = min(m, job.outHeight - block.top);
  const first = job.dy + <usize>block.top * ldy + ((<usize>(block.lane + l)) << 2);
  for (let t = 0; t < tiles; t++) {
    const left = block.left + t * m;
    const wide = min(m, outWidth - left);
    const corner = first + <usize>left * pixel;
    for (let o = 0; o < outChannels; o += 4) {
      for (let q: usize = 0; q < 4; q++) {
        widen(four + (q << 4), 64, corner + (<usize>o + q) * plane, ldy, pixel, rows, wide, m, tmp);
      }
      turnFour(d + <usize>(t * lanes + l) * ldo + ((<usize>o) << 2), ldd, ldo, four);
    }
  }
}

/** Transposes tiles [c, 4] of lanes into [lane, c] rows of `ldo` bytes, for each of the 36 positions. */
function turnFour(out: usize, position: usize, ldo: usize, four: usize): void {
  for (let p: usize = 0; p < WINOGRAD_POSITIONS; p++, out += position, four += 64) {
    transpose4x4(out, four, 16, ldo);
  }
}

/** du (+)= dᵀ·v at each position; the offsets of v's cells lie at the start of scratch. */
function addProducts(
  job: WinogradBackwardWeightsJob,
  cells: i32,
  scratch: usize,
  du: usize,
  v: usize,
  ldv: usize,
  d: usize,
  ldd: usize,
  add: bool,
): void {
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const ldc = (<usize>inChannels) << 2;
  const ldo = (<usize>outChannels) << 2;
  const size = <usize>outChannels * ldc;
  for (let p: usize = 0; p < WINOGRAD_POSITIONS; p++) {
    for (let o: usize = 0; o < <usize>outChannels; o += ROWS) {
      gemmBlock(
        du + p * size + o * ldc,
        ldc,
        ROWS,
        inChannels,
        d + p * ldd + (o << 2),
        ldo,
        v + p * ldv,
        scratch,
        cells,
        0,
        add,
      );
    }
  }
}
