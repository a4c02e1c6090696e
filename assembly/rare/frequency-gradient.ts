// The weight gradient in the frequency domain: products of two spectra, summed over images (frequency-products.ts).
//
// x̂ [block, slot, c, re|im, L]   dŷ [block, slot, o, re|im, L]   ĝ [slot, c / 8, o / 4, re|im, 4 o, 8 c]
import { Buffer, Flag } from "../fields";
import { transpose4x4 } from "../layout";
import { isReal, slotStride, slotsOf, spectrumStride, touch } from "./frequency";
import { FrequencyShape, multiplyEights, PACKED, Products } from "./frequency-products";

@unmanaged
export class FrequencyGradientJob extends FrequencyShape {
  g: Buffer;
  dy: Buffer;
  x: Buffer;
  accumulate: Flag;
}

/** ĝ (+)= Σ dŷ·conj(x̂), block after block. A tile is a slot. What is written lies in the order of writing. */
export function frequencyGradient(job: FrequencyGradientJob, scratch: usize, begin: i32, end: i32): void {
  const side = job.side;
  const inChannels = job.inChannels;
  const outChannels = job.outChannels;
  const laneBlock = job.laneBlock;
  const slots = <usize>slotsOf(side);
  const ldx = spectrumStride(inChannels, laneBlock);
  const ldy = spectrumStride(outChannels, laneBlock);
  const ldg = slotStride((<usize>(inChannels * outChannels)) << 3);
  const im = (<usize>laneBlock) << 2;
  const how = changetype<Products>(scratch);
  how.blocks = outChannels >> 2;
  how.ldy = 32;
  how.block = 256;
  how.second = 0;
  how.third = 128;
  for (let f = begin; f < end; f++) {
    const real = isReal(f, side);
    how.real = real ? 1 : 0;
    how.accumulate = job.accumulate;
    const g = job.g + <usize>f * ldg;
    let x = job.x + <usize>f * ldx;
    let dy = job.dy + <usize>f * ldy;
    for (let left = job.lanes; left > 0; left -= laneBlock, x += slots * ldx, dy += slots * ldy) {
      const images = min(left, laneBlock);
      how.depth = images;
      const rows = scratch + PACKED;
      const xt = rows + <usize>images * 96;
      const yt = xt + <usize>images * 96;
      // Turning waits for one line after another; fetched first, they come together.
      const seen = touch(x, <usize>inChannels * (2 * im)) | touch(dy, <usize>outChannels * (2 * im));
      store<u32>(rows, seen);
      turnOutputs(yt, dy, im, images, outChannels, real, rows);
      for (let c = 0; c < inChannels; c += 8) {
        turnInputs(xt, x + <usize>(2 * c) * im, im, images, real, rows);
        multiplyEights(g + ((<usize>((c >> 3) * (outChannels >> 2))) << 8), yt, xt, scratch, 1);
      }
      how.accumulate = 1;
    }
  }
}

/** dŷ → [o / 4, sum|im|re, images, 4 o], or, of real frequencies, unused|first|second. */
function turnOutputs(to: usize, y: usize, im: usize, images: i32, channels: i32, real: bool, rows: usize): void {
  const pair: usize = 2 * im;
  const lanes = (<usize>images) << 2;
  const second: usize = real ? 0 : im;
  const part: usize = 4 * lanes;
  for (let o = 0; o < channels; o += 4) {
    for (let i: usize = 0; i < 4; i++, y += pair) {
      const row = rows + i * lanes;
      for (let l: usize = 0; l < lanes; l += 16) {
        const a = v128.load(y + second + l);
        const b = v128.load(y + (im - second) + l);
        v128.store(row + l, f32x4.add(a, b));
        v128.store(row + part + l, a);
        v128.store(row + 2 * part + l, b);
      }
    }
    for (let p: usize = 0; p < 3; p++, to += part) {
      for (let l: usize = 0; l < lanes; l += 16) transpose4x4(to + (l << 2), rows + p * part + l, lanes, 16);
    }
  }
}

/**
 * x̂ of eight channels → [re | im − re | −(re + im), images, 8 c]; of real frequencies unused | ½ first | ½ second, because a real
 * frequency counts once in an inverse where a complex one counts twice.
 */
function turnInputs(to: usize, x: usize, im: usize, images: i32, real: bool, rows: usize): void {
  const pair: usize = 2 * im;
  const lanes = (<usize>images) << 2;
  const half = f32x4.splat(0.5);
  const part: usize = 8 * lanes;
  for (let i: usize = 0; i < 8; i++, x += pair) {
    const row = rows + i * lanes;
    for (let l: usize = 0; l < lanes; l += 16) {
      const a = v128.load(x + l);
      const b = v128.load(x + im + l);
      v128.store(row + l, a);
      v128.store(row + part + l, real ? f32x4.mul(half, a) : f32x4.sub(b, a));
      v128.store(row + 2 * part + l, real ? f32x4.mul(half, b) : f32x4.neg(f32x4.add(a, b)));
    }
  }
  for (let p: usize = 0; p < 3; p++, to += part) {
    for (let l: usize = 0; l < lanes; l += 16) {
      transpose4x4(to + (l << 3), rows + p * part + l, lanes, 32);
      transpose4x4(to + (l << 3) + 16, rows + p * part + 4 * lanes + l, lanes, 32);
    }
  }
}
