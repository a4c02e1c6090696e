// Convolution through the frequency domain, images innermost: stride 1, a square kernel of r = 3 or 5, as many zeros around
// the input as keep its size. With planes of up to N − 2 values a side, filled up with zeros to N×N, and the transforms
// x̂ = T(x), ŵ = T(w) of N×N points, each pass is a matrix product over channels at each frequency:
//
//   forward          y = T⁻¹(ŵ·x̂)        data gradient  dx = T⁻¹(conj(ŵ)ᵀ·dŷ)        weight gradient  dw = T⁻¹(Σ dŷ·conj(x̂))
//
// A plane of real values has complex frequencies in pairs that are conjugate, of which one is computed. T⁻¹ is the transpose of
// T, and what both leave out, 2/N² or, where a frequency is real, 1/N², lies in ŵ. The codelets of T are written by
// scripts/fourier-codelets.mjs. A 5×5 kernel takes 1.9 products for each output instead of 25, with a tenth of the rounding
// error of Winograd's transforms.
//
//   x [c, h, w, B]        spectrum [block, slot, c, re|im, L]        B and L multiples of 4
//
// A slot is a complex frequency or a pair of real ones. Blocks of L images keep what a channel's transform writes in L1. Slots lie
// an odd number of cache lines apart, so that those of a channel do not all fall in the same cache sets.
import { Buffer, OptionalBuffer } from "../fields";
import { backPlane as backPlane9, forwardPlane as forwardPlane9 } from "./fourier9.gen";
import { backPlane as backPlane18, forwardPlane as forwardPlane18 } from "./fourier18.gen";

@unmanaged
export class SpectrumShape {
  channels: i32;
  height: i32;
  width: i32;
  /** N: 9 or 18. */
  side: i32;
  lanes: i32;
  /** Images of a block. */
  laneBlock: i32;
}

/** Slots of a real column, whose first is a pair of real frequencies; columns of a complex one have N. */
function realSlots(side: i32): i32 {
  return side == 9 ? 5 : 9;
}

/** Slots of a plane. */
export function slotsOf(side: i32): i32 {
  return side == 9 ? 5 + 4 * 9 : 2 * 9 + 8 * 18;
}

/** Whether a slot is a pair of real frequencies. */
export function isReal(slot: i32, side: i32): bool {
  return slot == 0 || (side == 18 && slot == realSlots(side));
}

/**
 * Bytes from one slot of `bytes` to the next: an odd number of cache lines, and a page more where 16 pages would lie between, because
 * a processor keeps the addresses of pages that are a large power of two apart in the same few places.
 */
export function slotStride(bytes: usize): usize {
  const lines = (bytes + 63) >> 6;
  return ((lines % 1024 == 0 ? lines + 64 : lines) | 1) << 6;
}

/** Bytes from one slot of a spectrum to the next. */
export function spectrumStride(channels: i32, laneBlock: i32): usize {
  return slotStride((<usize>(channels * laneBlock)) << 3);
}

/** Reads each cache line of [at, at + bytes), so that they come together and not one after the other. */
export function touch(at: usize, bytes: usize): u32 {
  let seen: u32 = 0;
  for (const end = at + bytes; at < end; at += 64) seen |= load<u32>(at);
  return seen;
}

@unmanaged
export class SpectrumForwardJob extends SpectrumShape {
  spectrum: Buffer;
  x: Buffer;
}

/** spectrum = T(x). A tile is a channel of a block. */
export function spectrumForward(job: SpectrumForwardJob, scratch: usize, begin: i32, end: i32): void {
  const pixel = (<usize>job.lanes) << 2;
  const im = (<usize>job.laneBlock) << 2;
  const slot = spectrumStride(job.channels, job.laneBlock);
  const block = <usize>slotsOf(job.side) * slot;
  const row = <usize>job.width * pixel;
  for (let tile = begin; tile < end; tile++) {
    const b = tile / job.channels;
    const c = tile - b * job.channels;
    const first = <usize>b * im;
    const lanes = min(im, pixel - first);
    const source = job.x + <usize>(c * job.height) * row + first;
    const target = job.spectrum + <usize>b * block + <usize>(2 * c) * im;
    for (let l: usize = 0; l < lanes; l += 16) {
      if (job.side == 9) {
        forwardPlane9(target + l, slot, im, source + l, pixel, row, job.height, job.width, scratch);
      } else {
        forwardPlane18(target + l, slot, im, source + l, pixel, row, job.height, job.width, scratch);
      }
    }
  }
}

@unmanaged
export class SpectrumBackJob extends SpectrumShape {
  y: Buffer;
  spectrum: Buffer;
  bias: OptionalBuffer;
}

/** y = T⁻¹(spectrum) + bias. A tile is a channel of a block. */
export function spectrumBack(job: SpectrumBackJob, scratch: usize, begin: i32, end: i32): void {
  const pixel = (<usize>job.lanes) << 2;
  const im = (<usize>job.laneBlock) << 2;
  const slots = slotsOf(job.side);
  const slot = spectrumStride(job.channels, job.laneBlock);
  const block = <usize>slots * slot;
  const row = <usize>job.width * pixel;
  for (let tile = begin; tile < end; tile++) {
    const b = tile / job.channels;
    const c = tile - b * job.channels;
    const first = <usize>b * im;
    const lanes = min(im, pixel - first);
    const source = job.spectrum + <usize>b * block + <usize>(2 * c) * im;
    const target = job.y + <usize>(c * job.height) * row + first;
    const bias = job.bias ? v128.load32_splat(job.bias + ((<usize>c) << 2)) : f32x4.splat(0);
    let seen: u32 = 0;
    for (let f = 0, at = source; f < slots; f++, at += slot) seen |= touch(at, 2 * im);
    store<u32>(scratch, seen);
    for (let l: usize = 0; l < lanes; l += 16) {
      if (job.side == 9) {
        backPlane9(target + l, pixel, row, job.height, job.width, source + l, slot, im, bias, scratch);
      } else {
        backPlane18(target + l, pixel, row, job.height, job.width, source + l, slot, im, bias, scratch);
      }
    }
  }
}
