// What Winograd's passes over an input have in common (winograd.ts): the shape, blocks of tiles × lanes, a thread's scratch,
// and the transform Bᵀ x B.
import { SHARED_SCRATCH } from "./memory-map";
import { WINOGRAD_SIDE } from "./tiles";
import { transform6 } from "./winograd-matrices";

/** A stride-1 convolution with a square kernel, and the blocks that its tiles are cut into. */
@unmanaged
export class WinogradShape {
  inChannels: i32;
  inHeight: i32;
  inWidth: i32;
  outChannels: i32;
  outHeight: i32;
  outWidth: i32;
  kernel: i32;
  /** Zeros around the input. */
  padding: i32;
  lanes: i32;
  /** Images, and tiles of a row, of a block. */
  laneBlock: i32;
  tileBlock: i32;
}

/** A block: up to `tileBlock` tiles of one row of tiles × up to `laneBlock` images. */
@unmanaged
export class WinogradBlock {
  /** Outputs a side of a tile. */
  m: i32;
  /** The first image, and how many there are. */
  lane: i32;
  lanes: i32;
  /** The row of tiles, the first tile in it, and how many there are. */
  row: i32;
  tile: i32;
  tiles: i32;
  /** lanes × tiles: what one transformed position of a channel holds. */
  cells: i32;
  /** Outputs below and right of the first tile's corner, at most m for each tile. */
  top: i32;
  left: i32;
  /** Columns of the input that the tiles reach, from that corner on. */
  columns: i32;
  /** Bytes from one pixel to the next. */
  pixel: usize;
}

// scratch: [offsets: 4096 u32][four channels of six rows of transformed columns][a line of zeros][four tiles][the block][…]
// and from SHARED_SCRATCH on the transformed tiles.
export const COLUMNS: usize = 16_384;
const ZEROS: usize = 81_920;
export const FOUR: usize = ZEROS + 64;
const BLOCK: usize = FOUR + 4 * 576;
/** Where the transformed tiles begin. */
export const TILES: usize = SHARED_SCRATCH;

/** The block in the calling thread's scratch, for `placeBlock`; clears the line of zeros. */
export function blockIn(scratch: usize, shape: WinogradShape): WinogradBlock {
  const block = changetype<WinogradBlock>(scratch + BLOCK);
  v128.store(scratch + ZEROS, f32x4.splat(0));
  block.m = WINOGRAD_SIDE + 1 - shape.kernel;
  block.pixel = (<usize>shape.lanes) << 2;
  return block;
}

/** Tiles of a row of tiles. */
function tilesAcross(block: WinogradBlock, shape: WinogradShape): i32 {
  return (shape.outWidth + block.m - 1) / block.m;
}

/** Blocks in all. They count images first, then along a row of tiles. */
export function blocksOf(block: WinogradBlock, shape: WinogradShape): i32 {
  const laneBlocks = (shape.lanes + shape.laneBlock - 1) / shape.laneBlock;
  const tileBlocks = (tilesAcross(block, shape) + shape.tileBlock - 1) / shape.tileBlock;
  return ((shape.outHeight + block.m - 1) / block.m) * tileBlocks * laneBlocks;
}

/** Makes `block` the block of number `index`. */
export function placeBlock(block: WinogradBlock, shape: WinogradShape, index: i32): void {
  const m = block.m;
  const across = tilesAcross(block, shape);
  const laneBlock = shape.laneBlock;
  const tileBlock = shape.tileBlock;
  const laneBlocks = (shape.lanes + laneBlock - 1) / laneBlock;
  const tileBlocks = (across + tileBlock - 1) / tileBlock;
  const line = index / laneBlocks;
  block.lane = (index - line * laneBlocks) * laneBlock;
  block.row = line / tileBlocks;
  block.tile = (line - block.row * tileBlocks) * tileBlock;
  block.lanes = min(laneBlock, shape.lanes - block.lane);
  block.tiles = min(tileBlock, across - block.tile);
  block.cells = block.lanes * block.tiles;
  block.top = block.row * m;
  block.left = block.tile * m;
  block.columns = block.tiles * m + WINOGRAD_SIDE - m;
}

/** Bytes from one row of transformed columns to the next. */
export function columnRow(block: WinogradBlock): usize {
  return (<usize>block.columns) << 4;
}

/**
 * Bᵀ acts on the columns of one channel, four lanes of it from x on: tmp[i, j] for the six rows of the block's tiles and its
 * columns. What lies outside the input is zero.
 */
export function transformColumns(
  tmp: usize,
  x: usize,
  scratch: usize,
  shape: WinogradShape,
  block: WinogradBlock,
): void {
  const zeros = scratch + ZEROS;
  const height = shape.inHeight;
  const width = shape.inWidth;
  const top = block.top - shape.padding;
  const left = block.left - shape.padding;
  const count = block.columns;
  const pixel = block.pixel;
  const row = <usize>width * pixel;
  const ld = columnRow(block);
  const first = max(0, -left);
  const last = min(count, width - left);
  for (let j = 0; j < count; j++) {
    if (j >= first && j < last) continue;
    for (let i: usize = 0; i < 6; i++) v128.store(tmp + i * ld + ((<usize>j) << 4), f32x4.splat(0));
  }
  const x0 = x + <usize>(top * width + left + first) * pixel;
  const in0 = top >= 0 && top < height;
  const in1 = top + 1 >= 0 && top + 1 < height;
  const in2 = top + 2 >= 0 && top + 2 < height;
  const in3 = top + 3 >= 0 && top + 3 < height;
  const in4 = top + 4 >= 0 && top + 4 < height;
  const in5 = top + 5 >= 0 && top + 5 < height;
  let p0 = in0 ? x0 : zeros;
  let p1 = in1 ? x0 + row : zeros;
  let p2 = in2 ? x0 + 2 * row : zeros;
  let p3 = in3 ? x0 + 3 * row : zeros;
  let p4 = in4 ? x0 + 4 * row : zeros;
  let p5 = in5 ? x0 + 5 * row : zeros;
  const s0: usize = in0 ? pixel : 0;
  const s1: usize = in1 ? pixel : 0;
  const s2: usize = in2 ? pixel : 0;
  const s3: usize = in3 ? pixel : 0;
  const s4: usize = in4 ? pixel : 0;
  const s5: usize = in5 ? pixel : 0;
  for (let j = first; j < last; j++) {
    transform6(
      tmp + ((<usize>j) << 4),
      ld,
      v128.load(p0),
      v128.load(p1),
      v128.load(p2),
      v128.load(p3),
      v128.load(p4),
      v128.load(p5),
    );
    p0 += s0;
    p1 += s1;
    p2 += s2;
    p3 += s3;
    p4 += s4;
    p5 += s5;
  }
}

/** Bᵀ x B of one tile, whose columns were transformed into tmp: 36 vectors, `ldo` bytes apart. */
export function transformTile(out: usize, ldo: usize, tmp: usize, ld: usize): void {
  for (let i = 0; i < 6; i++, out += 6 * ldo, tmp += ld) {
    transform6(
      out,
      ldo,
      v128.load(tmp),
      v128.load(tmp, 16),
      v128.load(tmp, 32),
      v128.load(tmp, 48),
      v128.load(tmp, 64),
      v128.load(tmp, 80),
    );
  }
}
