// The gradient of a convolution's input, images innermost. It is a convolution of the output gradient with the kernel
// turned round, but one that knows where its input ends: near the borders fewer taps reach into dy, and taps that would
// read zeros are left out rather than multiplied. For LeNet's second layer that halves the work.
//
// dy [oc, oh, ow, B]   w [oc, c, kh, kw]   dx [c, h, w, B]   B lanes, padding included: even
import { Buffer, Flag } from "./fields";
import { gemmBlock } from "./gemm";
import { SHARED_SCRATCH } from "./memory-map";
import { DATA_TAPS, ROWS } from "./tiles";

/** A stride-1 convolution seen from its input, which does not hold its padding. */
@unmanaged
export class Conv2dBackwardDataShape {
  inChannels: i32;
  inHeight: i32;
  inWidth: i32;
  outChannels: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  padding: i32;
  lanes: i32;
}

@unmanaged
export class Conv2dBackwardDataJob extends Conv2dBackwardDataShape {
  dx: Buffer;
  dy: Buffer;
  w: Buffer;
  accumulate: Flag;
}

/** What is summed in one pass: a block of input channels, and some taps of some output channels. */
@unmanaged
class Pass {
  /** The first input channel, and how many there are: at most ROWS. */
  row: i32;
  rows: i32;
  /** The first output channel, and how many there are. */
  from: i32;
  depth: i32;
  /** Kernel rows [top, bottom) and columns [left, right). */
  top: i32;
  bottom: i32;
  left: i32;
  right: i32;
  /** Whether the sum is added to what is there. */
  add: bool;
  /** The first lane, and how many there are. */
  lane: i32;
  lanes: i32;
  /** Where these lanes of dy lie: row 0 of the first output channel, bytes from row to row and from channel to channel. */
  dy: usize;
  line: usize;
  plane: usize;
}

// scratch: twice [offsets: DATA_TAPS u32][packed: DATA_TAPS × ROWS f32], of all taps and of those that a column near a border sees;
// [the pass] … [copied rows of dy: COPY bytes]
const PACKED: usize = (<usize>DATA_TAPS) << 2;
const EDGE: usize = PACKED + ((<usize>(DATA_TAPS * ROWS)) << 2);
const PASS: usize = 2 * EDGE;
/**
 * Half of L2, in the part of the scratch that Winograd's transforms use too. Where there are more than MOST_LANES, the last ones may
 * take half as much again.
 */
const COPY: i32 = 512 * 1024;
/** Lanes that are copied together where there are more than MOST_LANES. */
const SOME_LANES: i32 = 8;
const MOST_LANES: i32 = 12;

/**
 * Lays out the taps of a pass in the order (ky, kx, o), so that the taps of one kernel row between two columns lie side by
 * side. offset = where a tap reads, relative to dy at the position of the tap (0, 0);
 * packed[·, r] = w[o, row + r, ky, kx].
 */
function layTaps(job: Conv2dBackwardDataJob, pass: Pass, scratch: usize): void {
  const w = job.w;
  const inChannels = job.inChannels;
  const kernelWidth = job.kernelWidth;
  const row = pass.row;
  const rows = pass.rows;
  const from = pass.from;
  const depth = pass.depth;
  const bottom = pass.bottom;
  const left = pass.left;
  const right = pass.right;
  const pixel = (<usize>pass.lanes) << 2;
  let offset = scratch;
  let packed = scratch + PACKED;
  const area = job.kernelHeight * kernelWidth;
  const ldw = (<usize>area) << 2;
  for (let ky = pass.top; ky < bottom; ky++) {
    for (let kx = left; kx < right; kx++) {
      let place: usize = 0 - <usize>ky * pass.line - <usize>kx * pixel;
      for (let o = from; o < from + depth; o++, offset += 4, packed += 16, place += pass.plane) {
        store<u32>(offset, <u32>place);
        let weight = w + ((<usize>((o * inChannels + row) * area + ky * kernelWidth + kx)) << 2);
        for (let r: usize = 0; r < <usize>rows; r++, weight += ldw) store<f32>(packed + (r << 2), load<f32>(weight));
      }
    }
  }
}

/**
 * dx (+)= Σ_{o, ky, kx} w[o, c, ky, kx] · dy[o, i + padding − ky, j + padding − kx] over what lies inside dy.
 * A tile is one row of dx in a block of ROWS input channels; tiles [begin, end) count rows first.
 */
export function conv2dBackwardData(job: Conv2dBackwardDataJob, scratch: usize, begin: i32, end: i32): void {
  const height = job.inHeight;
  const outChannels = job.outChannels;
  const kernelHeight = job.kernelHeight;
  const kernelWidth = job.kernelWidth;
  // A pass takes all of the kernel for some output channels; of a huge kernel some rows, or part of one, for one channel.
  const channels = min(outChannels, max(1, DATA_TAPS / (kernelHeight * kernelWidth)));
  const lines = min(kernelHeight, max(1, DATA_TAPS / kernelWidth));
  const columns = min(kernelWidth, DATA_TAPS);
  const pass = changetype<Pass>(scratch + PASS);
  for (let tile = begin; tile < end; ) {
    const block = tile / height;
    const last = min(end, (block + 1) * height);
    pass.row = block * ROWS;
    pass.rows = min(ROWS, job.inChannels - pass.row);
    for (let from = 0; from < outChannels; from += channels) {
      pass.from = from;
      pass.depth = min(channels, outChannels - from);
      for (let top = 0; top < kernelHeight; top += lines) {
        pass.top = top;
        pass.bottom = min(kernelHeight, top + lines);
        for (let left = 0; left < kernelWidth; left += columns) {
          pass.left = left;
          pass.right = min(kernelWidth, left + columns);
          pass.add = job.accumulate != 0 || from > 0 || top > 0 || left > 0;
          sumRows(job, pass, scratch, tile - block * height, last - block * height);
        }
      }
    }
    tile = last;
  }
}

/** Rows first … last − 1 of dx in one pass. */
function sumRows(job: Conv2dBackwardDataJob, pass: Pass, scratch: usize, first: i32, last: i32): void {
  const lanes = job.lanes;
  const lines = last - first > 1 ? linesToCopy(job, pass) : 0;
  if (lines == 0) {
    pass.lane = 0;
    pass.lanes = lanes;
    pass.line = (<usize>(job.outWidth * lanes)) << 2;
    pass.plane = <usize>job.outHeight * pass.line;
    pass.dy = job.dy + <usize>pass.from * pass.plane;
    layTaps(job, pass, scratch);
    sumLines(job, pass, scratch, first, last);
    return;
  }
  const halo = pass.bottom - pass.top - 1;
  for (let lane = 0; lane < lanes; lane += pass.lanes) {
    pass.lane = lane;
    pass.lanes = lanes - lane <= MOST_LANES ? lanes - lane : SOME_LANES;
    pass.line = (<usize>(job.outWidth * pass.lanes)) << 2;
    // A cache line more, so that channels begin in different sets.
    pass.plane = <usize>lines * pass.line + 64;
    layTaps(job, pass, scratch);
    for (let i = first; i < last; i += lines - halo) {
      const end = min(last, i + lines - halo);
      copyLines(job, pass, scratch + SHARED_SCRATCH, i + job.padding - pass.bottom + 1, end + job.padding - pass.top);
      sumLines(job, pass, scratch, i, end);
    }
  }
}

/**
 * How many rows of dy to copy together, 0 for none. Where channels lie a multiple of 2 KiB apart, the taps of a column share few
 * sets of L1, and each reads from L2 again. Copies of the channels lie better. They pay for more than one row of dx.
 */
function linesToCopy(job: Conv2dBackwardDataJob, pass: Pass): i32 {
  const lanes = job.lanes;
  const apart = job.outHeight * job.outWidth * lanes;
  if (pass.depth <= 8 || (lanes & 3) != 0 || (apart & 511) != 0) return 0;
  const lines = (COPY / pass.depth - 64) / (4 * job.outWidth * (lanes <= MOST_LANES ? lanes : SOME_LANES));
  return lines >= 2 * (pass.bottom - pass.top) ? lines : 0;
}

/** Copies rows first … last − 1 of dy, as far as they exist, of the channels and lanes of the pass. */
function copyLines(job: Conv2dBackwardDataJob, pass: Pass, copy: usize, first: i32, last: i32): void {
  const outHeight = job.outHeight;
  const from = max(0, first);
  const step = (<usize>job.lanes) << 2;
  const bytes = (<usize>pass.lanes) << 2;
  const pixels = max(0, min(outHeight, last) - from) * job.outWidth;
  pass.dy = copy - <usize>from * pass.line;
  for (let o = 0; o < pass.depth; o++, copy += pass.plane) {
    let source =
      job.dy + <usize>(((pass.from + o) * outHeight + from) * job.outWidth) * step + ((<usize>pass.lane) << 2);
    let p = copy;
    if (step == bytes) {
      memory.copy(p, source, <usize>pixels * bytes);
      continue;
    }
    if (bytes == 32) {
      for (let i = 0; i < pixels; i++, source += step, p += 32) {
        v128.store(p, v128.load(source));
        v128.store(p, v128.load(source, 16), 16);
      }
      continue;
    }
    for (let i = 0; i < pixels; i++, source += step) {
      for (let b: usize = 0; b < bytes; b += 16, p += 16) v128.store(p, v128.load(source + b));
    }
  }
}

/** Rows first … last − 1 of dx in one pass, the lanes of which lie at pass.dy. */
function sumLines(job: Conv2dBackwardDataJob, pass: Pass, scratch: usize, first: i32, last: i32): void {
  const width = job.inWidth;
  const outWidth = job.outWidth;
  const padding = job.padding;
  const lineTaps = (pass.right - pass.left) * pass.depth;
  // Columns that see the whole width of the pass: one run where all lanes lie side by side.
  const inner = min(width, max(0, pass.right - 1 - padding));
  const innerEnd = max(inner, min(width, outWidth - padding + pass.left));
  const together = pass.lanes == job.lanes ? innerEnd - inner : 1;
  for (let j = inner; j < innerEnd; j += together) {
    sumColumns(job, pass, scratch, lineTaps, j, together, first, last);
  }
  // The columns near a border see some columns of the kernel, whose taps are laid side by side first.
  const edge = scratch + EDGE;
  for (let j = 0; j < width; j++) {
    if (j == inner) j = innerEnd;
    if (j >= width) break;
    const kx = max(pass.left, j + padding - outWidth + 1);
    const columns = max(0, min(pass.right, j + padding + 1) - kx);
    if (columns > 0) layEdge(pass, scratch, edge, kx, columns);
    sumColumns(job, pass, edge, columns * pass.depth, j, 1, first, last);
  }
}

/** Copies the taps of columns kx … kx + columns − 1 of the kernel, as layTaps lays them. */
function layEdge(pass: Pass, scratch: usize, edge: usize, kx: i32, columns: i32): void {
  const bytes = (<usize>(columns * pass.depth)) << 2;
  const step = (<usize>((pass.right - pass.left) * pass.depth)) << 2;
  let source = (<usize>((kx - pass.left) * pass.depth)) << 2;
  let target: usize = 0;
  for (let ky = pass.top; ky < pass.bottom; ky++, source += step) {
    const end = target + bytes;
    for (let skip = source; target < end; target += 4, skip += 4) {
      store<u32>(edge + target, load<u32>(scratch + skip));
      v128.store(edge + PACKED + (target << 2), v128.load(scratch + PACKED + (skip << 2)));
    }
  }
}

/** Columns j … j + columns − 1 of these rows, by taps of which each row of the kernel has `lineTaps`. */
function sumColumns(
  job: Conv2dBackwardDataJob,
  pass: Pass,
  taps: usize,
  lineTaps: i32,
  j: i32,
  columns: i32,
  first: i32,
  last: i32,
): void {
  const padding = job.padding;
  const rows = pass.rows;
  const lane = (<usize>job.lanes) << 2;
  const pixel = (<usize>pass.lanes) << 2;
  const row = <usize>job.inWidth * lane;
  const ldx = <usize>job.inHeight * row;
  let dx = job.dx + <usize>pass.row * ldx + <usize>first * row + <usize>j * lane + ((<usize>pass.lane) << 2);
  let dy = pass.dy + <usize>(first + padding) * pass.line + <usize>(j + padding) * pixel;
  for (let i = first; i < last; i++, dx += row, dy += pass.line) {
    const ky = max(pass.top, i + padding - job.outHeight + 1);
    const count = max(0, min(pass.bottom, i + padding + 1) - ky) * lineTaps;
    if (count == 0) {
      if (!pass.add) clear(dx, ldx, rows, <usize>columns * pixel);
      continue;
    }
    const skip = (<usize>((ky - pass.top) * lineTaps)) << 2;
    gemmBlock(
      dx,
      ldx,
      rows,
      columns * pass.lanes,
      taps + PACKED + (skip << 2),
      16,
      dy,
      taps + skip,
      count,
      0,
      pass.add,
    );
  }
}

/** Writes zeros where no tap reaches. */
function clear(dx: usize, ldx: usize, rows: i32, bytes: usize): void {
  for (let r = 0; r < rows; r++) memory.fill(dx + <usize>r * ldx, 0, bytes);
}
