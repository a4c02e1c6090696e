// Weights of the frequency domain (frequency.ts): there, in the parts that products meet, and back after those of a gradient.
//
// w, dw [o, c, r, r]   û [slot, o / 4, a|c|d, c, 4 o], turned [slot, c / 4, a|c|d, o, 4 c]   ĝ [slot, c / 8, o / 4, re|im, 4 o, 8 c]
import { Buffer, Flag, OptionalBuffer } from "../fields";
import { transpose4x4 } from "../layout";
import { gather, scatter } from "../simd";
import { backTaps as backTaps9, forwardTaps as forwardTaps9 } from "./fourier9.gen";
import { backTaps as backTaps18, forwardTaps as forwardTaps18 } from "./fourier18.gen";
import { isReal, slotStride, slotsOf, touch } from "./frequency";

/** Bytes of the spectrum of four kernels: 162 slots of two vectors. */
const SPECTRUM: usize = 162 * 32;
/** Blocks of four output channels whose gradients are read together. */
const TOGETHER: i32 = 4;
/** Taps a side of the codelets' kernels. A smaller kernel lies in their middle. */
function tapsOf(side: i32): i32 {
  return side == 9 ? 3 : 5;
}

@unmanaged
export class FrequencyKernelShape {
  inChannels: i32;
  outChannels: i32;
  kernel: i32;
  side: i32;
}

@unmanaged
export class FrequencyWeightsJob extends FrequencyKernelShape {
  u: OptionalBuffer;
  /** For the data gradient. */
  turned: OptionalBuffer;
  w: Buffer;
}

/** û and its turned form from w; either may be left out. A tile is a block of four output channels. */
export function frequencyWeights(job: FrequencyWeightsJob, scratch: usize, begin: i32, end: i32): void {
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const kernel = job.kernel;
  const side = job.side;
  const taps = tapsOf(side);
  const area = kernel * kernel;
  const ldo = (<usize>(inChannels * area)) << 2;
  const ldu = slotStride(<usize>(inChannels * outChannels) * 12);
  const part = (<usize>inChannels) << 4;
  const partTurned = (<usize>outChannels) << 4;
  const lines = scratch + 4 * SPECTRUM;
  const rest = lines + ((<usize>(taps * taps)) << 4);
  memory.fill(lines, 0, (<usize>(taps * taps)) << 4);
  const inset = (taps - kernel) >> 1;
  for (let o = begin; o < end; o++) {
    for (let c = 0; c < inChannels; c += 4) {
      for (let q = 0; q < 4; q++) {
        // Four output channels side by side: lanes.
        const source = job.w + <usize>(o * 4) * ldo + ((<usize>((c + q) * area)) << 2);
        for (let i = 0; i < kernel; i++) {
          for (let j = 0; j < kernel; j++) {
            const to = lines + ((<usize>((i + inset) * taps + j + inset)) << 4);
            v128.store(to, gather(source + ((<usize>(i * kernel + j)) << 2), ldo));
          }
        }
        const u = scratch + <usize>q * SPECTRUM;
        const row = (<usize>taps) << 4;
        if (side == 9) forwardTaps9(u, 32, 16, lines, 16, row, taps, taps, rest);
        else forwardTaps18(u, 32, 16, lines, 16, row, taps, taps, rest);
      }
      if (job.u) storeParts(job.u + <usize>(3 * o) * part + ((<usize>c) << 4), ldu, part, scratch, side);
      if (job.turned) {
        storeTurned(
          job.turned + <usize>(3 * (c >> 2)) * partTurned + ((<usize>o) << 6),
          ldu,
          partTurned,
          scratch,
          rest,
          side,
        );
      }
    }
  }
}

/** The factor of a slot that its transform and the inverse leave out. */
function factorOf(real: bool, side: i32): v128 {
  return f32x4.splat(<f32>((real ? 1.0 : 2.0) / <f64>(side * side)));
}

/** Four spectra, of four input channels, into û. */
function storeParts(target: usize, ldu: usize, part: usize, spectra: usize, side: i32): void {
  const slots = slotsOf(side);
  for (let f = 0; f < slots; f++, spectra += 32, target += ldu) {
    const real = isReal(f, side);
    const k = factorOf(real, side);
    for (let q: usize = 0; q < 4; q++) {
      const re = f32x4.mul(v128.load(spectra + q * SPECTRUM), k);
      const im = f32x4.mul(v128.load(spectra + q * SPECTRUM, 16), k);
      const at = target + (q << 4);
      v128.store(at, re);
      v128.store(at + part, real ? re : f32x4.sub(im, re));
      v128.store(at + 2 * part, real ? im : f32x4.neg(f32x4.add(re, im)));
    }
  }
}

/** The same, with four input channels as lanes. `rows` has room for twelve vectors. */
function storeTurned(target: usize, ldu: usize, part: usize, spectra: usize, rows: usize, side: i32): void {
  const slots = slotsOf(side);
  for (let f = 0; f < slots; f++, spectra += 32, target += ldu) {
    const real = isReal(f, side);
    const k = factorOf(real, side);
    for (let q: usize = 0; q < 4; q++) {
      const re = f32x4.mul(v128.load(spectra + q * SPECTRUM), k);
      const im = f32x4.mul(v128.load(spectra + q * SPECTRUM, 16), k);
      v128.store(rows + (q << 4), re);
      v128.store(rows + (q << 4), real ? re : f32x4.sub(im, re), 64);
      v128.store(rows + (q << 4), real ? im : f32x4.neg(f32x4.add(re, im)), 128);
    }
    for (let p: usize = 0; p < 3; p++) transpose4x4(target + p * part, rows + (p << 6), 16, 16);
  }
}

@unmanaged
export class FrequencyWeightsBackJob extends FrequencyKernelShape {
  dw: Buffer;
  g: Buffer;
  accumulate: Flag;
}

/** dw (+)= T⁻¹(ĝ). A tile is a block of four output channels. */
export function frequencyWeightsBack(job: FrequencyWeightsBackJob, scratch: usize, begin: i32, end: i32): void {
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const kernel = job.kernel;
  const side = job.side;
  const taps = tapsOf(side);
  const area = kernel * kernel;
  const slots = slotsOf(side);
  const ldg = slotStride((<usize>(inChannels * outChannels)) << 3);
  const full = factorOf(false, side);
  const step = (<usize>area) << 2;
  const row = (<usize>taps) << 4;
  const rest = scratch + ((<usize>(taps * taps)) << 4);
  const inset = (taps - kernel) >> 1;
  const accumulate = job.accumulate;
  // Blocks that lie side by side at each slot are read together, because single lines from here and there come slowly.
  for (let c = 0; c < inChannels; c += 8) {
    for (let first = begin; first < end; first += TOGETHER) {
      const last = min(end, first + TOGETHER);
      let block = job.g + ((<usize>((c >> 3) * (outChannels >> 2) + first)) << 8);
      let seen: u32 = 0;
      for (let f = 0, at = block; f < slots; f++, at += ldg) seen |= touch(at, (<usize>(last - first)) << 8);
      store<u32>(rest, seen);
      for (let o = first; o < last; o++, block += 256) {
        for (let q = 0; q < 8; q++) {
          const u = block + ((<usize>q) << 4);
          if (side == 9) backTaps9(scratch, 16, row, taps, taps, u, ldg, 128, f32x4.splat(0), rest);
          else backTaps18(scratch, 16, row, taps, taps, u, ldg, 128, f32x4.splat(0), rest);
          let target = job.dw + ((<usize>(((o * 4 + (q >> 1)) * inChannels + c + 4 * (q & 1)) * area)) << 2);
          for (let i = 0; i < kernel; i++) {
            for (let j = 0; j < kernel; j++, target += 4) {
              const tap = v128.load(scratch + ((<usize>((i + inset) * taps + j + inset)) << 4));
              const v = f32x4.mul(full, tap);
              scatter(target, step, accumulate ? f32x4.add(gather(target, step), v) : v);
            }
          }
        }
      }
    }
  }
}
