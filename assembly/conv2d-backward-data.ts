// The gradient of a convolution's input, images innermost. It is a convolution of the output gradient with the kernel
// turned round, but one that knows where its input ends: near the borders fewer taps reach into dy, and taps that would
// read zeros are left out rather than multiplied. For LeNet's second layer that halves the work.
//
// dy [oc, oh, ow, B]   w [oc, c, kh, kw]   dx [c, h, w, B]   B lanes, padding included: even
import { Buffer, Flag } from "./fields";
import { gemmBlock } from "./gemm";
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
}

// scratch: [offsets: DATA_TAPS u32][packed: DATA_TAPS × ROWS f32][the pass]
const PACKED: usize = (<usize>DATA_TAPS) << 2;
const PASS: usize = PACKED + ((<usize>(DATA_TAPS * ROWS)) << 2);

/**
 * Lays out the taps of a pass in the order (ky, kx, o), so that the taps of one kernel row between two columns lie side by
 * side. offset = where a tap reads, relative to dy at the position of the tap (0, 0);
 * packed[·, r] = w[o, row + r, ky, kx].
 */
function layTaps(job: Conv2dBackwardDataJob, pass: Pass, scratch: usize): void {
  const w = job.w;
  const inChannels = job.inChannels;
  const outHeight = job.outHeight;
  const outWidth = job.outWidth;
  const kernelWidth = job.kernelWidth;
  const lanes = job.lanes;
  const row = pass.row;
  const rows = pass.rows;
  const from = pass.from;
  const to = from + pass.depth;
  const bottom = pass.bottom;
  const left = pass.left;
  const right = pass.right;
  let offset = scratch;
  let packed = scratch + PACKED;
  const area = job.kernelHeight * kernelWidth;
  const ldw = (<usize>area) << 2;
  for (let ky = pass.top; ky < bottom; ky++) {
    for (let kx = left; kx < right; kx++) {
      for (let o = from; o < to; o++, offset += 4, packed += 16) {
        store<i32>(offset, (((o * outHeight - ky) * outWidth - kx) * lanes) << 2);
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
          layTaps(job, pass, scratch);
          for (let each = tile; each < last; each++) sumRow(job, pass, scratch, each - block * height);
        }
      }
    }
    tile = last;
  }
}

/** Row i of dx in one pass. */
function sumRow(job: Conv2dBackwardDataJob, pass: Pass, scratch: usize, i: i32): void {
  const width = job.inWidth;
  const outHeight = job.outHeight;
  const outWidth = job.outWidth;
  const left = pass.left;
  const right = pass.right;
  const padding = job.padding;
  const lanes = job.lanes;
  const rows = pass.rows;
  const depth = pass.depth;
  const add = pass.add;
  const lane = (<usize>lanes) << 2;
  const ldx = <usize>(job.inHeight * width) * lane;
  const dxr = job.dx + <usize>pass.row * ldx + <usize>(i * width) * lane;
  const ky = max(pass.top, i + padding - outHeight + 1);
  const kyEnd = min(pass.bottom, i + padding + 1);
  if (ky >= kyEnd) {
    if (!add) clear(dxr, ldx, rows, <usize>width * lane);
    return;
  }
  const lineTaps = (right - left) * depth;
  const skip = (ky - pass.top) * lineTaps;
  const at = job.dy + <usize>((i + padding) * outWidth + padding) * lane;
  // Columns that see the whole width of the pass.
  const inner = max(0, right - 1 - padding);
  const innerEnd = min(width, outWidth - padding + left);
  if (inner < innerEnd) {
    const taps = (kyEnd - ky) * lineTaps;
    const columns = (innerEnd - inner) * lanes;
    run(dxr, ldx, rows, columns, scratch, skip, at, taps, <usize>inner * lane, add);
  }
  for (let j = 0; j < width; j++) {
    if (j == inner && inner < innerEnd) j = innerEnd;
    if (j >= width) break;
    const shift = <usize>j * lane;
    const kx = max(left, j + padding - outWidth + 1);
    const kxEnd = min(right, j + padding + 1);
    if (kx >= kxEnd) {
      if (!add) clear(dxr + shift, ldx, rows, lane);
      continue;
    }
    for (let line = 0; line < kyEnd - ky; line++) {
      const lineSkip = skip + line * lineTaps + (kx - left) * depth;
      run(dxr, ldx, rows, lanes, scratch, lineSkip, at, (kxEnd - kx) * depth, shift, add || line > 0);
    }
  }
}

/** Writes zeros where no tap reaches. */
function clear(dx: usize, ldx: usize, rows: i32, bytes: usize): void {
  for (let r = 0; r < rows; r++) memory.fill(dx + <usize>r * ldx, 0, bytes);
}

/** Sums `taps` taps after the first `skip`, for `columns` floats `shift` bytes into the row. */
function run(
  dx: usize,
  ldx: usize,
  rows: i32,
  columns: i32,
  scratch: usize,
  skip: i32,
  dy: usize,
  taps: i32,
  shift: usize,
  add: bool,
): void {
  const packed = scratch + PACKED + ((<usize>skip) << 4);
  gemmBlock(dx + shift, ldx, rows, columns, packed, 16, dy + shift, scratch + ((<usize>skip) << 2), taps, 0, add);
}
