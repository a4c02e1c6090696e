// Direct convolution over an input that holds its padding, images innermost: an output row of a stride-1 convolution is
// outWidth·lanes contiguous floats, and kernel tap (c, ky, kx) reads the same run at a fixed offset. So there is no
// im2col: taps become an offset table, weights are packed four output channels side by side, gemm.ts does the rest.
//
// x [c, h, w, B]   w [oc, c, kh, kw]   y [oc, oh, ow, B]   B lanes, padding
// included: outWidth·B is a multiple of 4, and for a larger stride B itself is
import { Buffer, Flag, OptionalBuffer } from "./fields";
import { gemmBlock } from "./gemm";
import { FORWARD_TAPS, ROWS } from "./tiles";

/** A convolution over an input that holds its padding. */
@unmanaged
export class Conv2dShape {
  inChannels: i32;
  inHeight: i32;
  inWidth: i32;
  outChannels: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  stride: i32;
  lanes: i32;
}

// scratch: [offsets: FORWARD_TAPS u32][packed: FORWARD_TAPS × ROWS f32]
const PACKED: usize = (<usize>FORWARD_TAPS) << 2;

/** offset[i] = where tap `from + i` of the kernel reads, relative to the window's corner, in bytes. */
export function tapOffsets(offsets: usize, from: i32, count: i32, shape: Conv2dShape): void {
  const kernelHeight = shape.kernelHeight;
  const kernelWidth = shape.kernelWidth;
  const lane = (<u32>shape.lanes) << 2;
  // From the end of a row of the kernel to the next one, and from its last row to the next channel.
  const line = <u32>(shape.inWidth - kernelWidth) * lane;
  const plane = <u32>((shape.inHeight - kernelHeight) * shape.inWidth) * lane;
  const row = from / kernelWidth;
  const c = row / kernelHeight;
  let kx = from - row * kernelWidth;
  let ky = row - c * kernelHeight;
  let offset = <u32>((c * shape.inHeight + ky) * shape.inWidth + kx) * lane;
  for (const end = offsets + ((<usize>count) << 2); offsets < end; offsets += 4, offset += lane) {
    if (kx == kernelWidth) {
      kx = 0;
      offset += line;
      if (++ky == kernelHeight) {
        ky = 0;
        offset += plane;
      }
    }
    store<u32>(offsets, offset);
    kx++;
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

@unmanaged
export class Conv2dForwardJob extends Conv2dShape {
  y: Buffer;
  x: Buffer;
  w: Buffer;
  bias: OptionalBuffer;
  accumulate: Flag;
}

/**
 * y (+)= w ⋆ x + bias. A tile is one output row of a block of ROWS output channels; tiles [begin, end) count rows first.
 */
export function conv2dForward(job: Conv2dForwardJob, scratch: usize, begin: i32, end: i32): void {
  const y = job.y;
  const x = job.x;
  const w = job.w;
  const bias = job.bias;
  const outChannels = job.outChannels;
  const outHeight = job.outHeight;
  const outWidth = job.outWidth;
  const stride = job.stride;
  const lanes = job.lanes;
  const depth = job.inChannels * job.kernelHeight * job.kernelWidth;
  const packed = scratch + PACKED;
  const lane = (<usize>lanes) << 2;
  const ldy = <usize>(outHeight * outWidth) * lane;
  const rowBytes = <usize>(stride * job.inWidth) * lane;
  // A row is one run where neighbours in the output are neighbours in the input.
  const runs = stride == 1 ? 1 : outWidth;
  const columns = stride == 1 ? outWidth * lanes : lanes;
  for (let from = 0; from < depth; from += FORWARD_TAPS) {
    const count = min(FORWARD_TAPS, depth - from);
    const add = job.accumulate != 0 || from > 0;
    const biasNow: usize = from > 0 ? 0 : bias;
    tapOffsets(scratch, from, count, job);
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
