// The gradient of a convolution's input, batch innermost. It is a convolution of the output gradient with the kernel
// turned round, but one that knows where its input ends: near the borders fewer taps reach into dy, and taps that would
// read zeros are left out rather than multiplied. For LeNet's second layer that halves the work.
//
// dy [oc, oh, ow, B]   w [oc, c, kh, kw]   dx [c, h, w, B]   B the padded batch, even
import { gemmBlock, ROWS } from "./gemm";

/** Taps of one pass, so few that what they read of dy stays in L2 (conv2d.ts); short kernel rows make more of them pay. */
const DEPTH: i32 = 512;

// scratch: [offsets: DEPTH u32][packed: DEPTH × ROWS f32]
const PACKED: usize = (<usize>DEPTH) << 2;

/**
 * Lays out the taps of kernel rows [top, bottom) and output channels [from, to), in the order (ky, kx, o), so that the
 * taps of one kernel row between two columns lie side by side. offset = where a tap reads, relative to dy at the
 * position of the tap (0, 0); packed[·, r] = w[o, row + r, ky, kx].
 */
function layTaps(
  scratch: usize,
  w: usize,
  row: i32,
  rows: i32,
  from: i32,
  to: i32,
  top: i32,
  bottom: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  batch: i32,
): void {
  let offset = scratch;
  let packed = scratch + PACKED;
  const area = kernelHeight * kernelWidth;
  const ldw = (<usize>area) << 2;
  for (let ky = top; ky < bottom; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      for (let o = from; o < to; o++, offset += 4, packed += 16) {
        store<i32>(offset, (((o * outHeight - ky) * outWidth - kx) * batch) << 2);
        let weight = w + ((<usize>((o * inChannels + row) * area + ky * kernelWidth + kx)) << 2);
        for (let r: usize = 0; r < <usize>rows; r++, weight += ldw) store<f32>(packed + (r << 2), load<f32>(weight));
      }
    }
  }
}

/**
 * dx (+)= Σ_{o, ky, kx} w[o, c, ky, kx] · dy[o, i + padding − ky, j + padding − kx] over what lies inside dy.
 * A tile is one row of dx in a block of 4 input channels; tiles [begin, end) count rows first.
 */
export function conv2dBackwardData(
  dx: usize,
  dy: usize,
  w: usize,
  inChannels: i32,
  height: i32,
  width: i32,
  outChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  padding: i32,
  batch: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const lane = (<usize>batch) << 2;
  const ldx = <usize>(height * width) * lane;
  const area = kernelHeight * kernelWidth;
  // A pass takes all of the kernel for some output channels; of a huge kernel some rows for one.
  const channels = min(outChannels, max(1, DEPTH / area));
  const lines = min(kernelHeight, max(1, DEPTH / kernelWidth));
  // Columns that see the whole width of the kernel.
  const inner = max(0, kernelWidth - 1 - padding);
  const innerEnd = min(width, outWidth - padding);
  for (let tile = begin; tile < end; ) {
    const block = tile / height;
    const row = block * ROWS;
    const rows = min(ROWS, inChannels - row);
    const first = tile;
    const last = min(end, (block + 1) * height);
    for (let from = 0; from < outChannels; from += channels) {
      const depth = min(channels, outChannels - from);
      for (let top = 0; top < kernelHeight; top += lines) {
        const bottom = min(kernelHeight, top + lines);
        layTaps(
          scratch,
          w,
          row,
          rows,
          from,
          from + depth,
          top,
          bottom,
          inChannels,
          outHeight,
          outWidth,
          kernelHeight,
          kernelWidth,
          batch,
        );
        for (tile = first; tile < last; tile++) {
          const i = tile - block * height;
          const dxr = dx + <usize>row * ldx + <usize>(i * width) * lane;
          const ky = max(top, i + padding - outHeight + 1);
          const kyEnd = min(bottom, i + padding + 1);
          const add = accumulate != 0 || from > 0 || top > 0;
          if (ky >= kyEnd) {
            if (!add) clear(dxr, ldx, rows, <usize>width * lane);
            continue;
          }
          const lineTaps = kernelWidth * depth;
          const skip = (ky - top) * lineTaps;
          const at = dy + <usize>((i + padding) * outWidth + padding) * lane;
          if (inner < innerEnd) {
            const taps = (kyEnd - ky) * lineTaps;
            const columns = (innerEnd - inner) * batch;
            run(dxr, ldx, rows, columns, scratch, skip, at, taps, <usize>inner * lane, add);
          }
          for (let j = 0; j < width; j++) {
            if (j == inner && inner < innerEnd) j = innerEnd;
            if (j >= width) break;
            const shift = <usize>j * lane;
            const kx = max(0, j + padding - outWidth + 1);
            const kxEnd = min(kernelWidth, j + padding + 1);
            if (kx >= kxEnd) {
              if (!add) clear(dxr + shift, ldx, rows, lane);
              continue;
            }
            for (let line = 0; line < kyEnd - ky; line++) {
              const lineSkip = skip + line * lineTaps + kx * depth;
              run(dxr, ldx, rows, batch, scratch, lineSkip, at, (kxEnd - kx) * depth, shift, add || line > 0);
            }
          }
        }
      }
    }
    tile = last;
  }
}

/** What no tap reaches is zero. */
function clear(dx: usize, ldx: usize, rows: i32, bytes: usize): void {
  for (let r = 0; r < rows; r++) memory.fill(dx + <usize>r * ldx, 0, bytes);
}

/** The sum of `taps` taps after the first `skip`, or what it adds, for `columns` floats `shift` bytes into the row. */
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
