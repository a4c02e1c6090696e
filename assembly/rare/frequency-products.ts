// The products of the frequency domain (frequency.ts): of spectra with weights, and of two spectra, summed over images. A
// complex product takes three real ones, and two of the three sums begin where the first one ends, so that nothing is combined
// afterwards (after Gauss; Karatsuba 1962). With a = w_r, c = w_i − w_r, d = −(w_r + w_i):
//
//   forward          K = a·(x_r + x_i)    y_i = K + c·x_r            y_r = K + d·x_i
//   data gradient    K = aᵀ·(y_r + y_i)   x_r = K + cᵀ·y_i           x_i = K + dᵀ·y_r
//   weight gradient  K = x_r·(y_r + y_i)  g_r = K + (x_i − x_r)·y_i  g_i = K − (x_r + x_i)·y_r
//
//   û [slot, o / 4, a|c|d, c, 4 o]   ĝ [slot, c / 8, o / 4, re|im, 4 o, 8 c]   channels are multiples of 8
//
// where a pair of real frequencies has the parts unused|first|second in û. û is read strictly forwards, because going back stops
// the prefetcher.
import { Buffer, Flag } from "../fields";
import { madd } from "../simd";
import { isReal, slotStride, slotsOf, spectrumStride, touch } from "./frequency";

/** Zeros, where a sum begins that nothing comes before. */
const ZEROS: usize = memory.data(128, 16);

/** How the parts of operands meet, at one slot. It lies at the start of a thread's scratch, and behind it what is packed. */
@unmanaged
export class Products {
  /** Terms of a sum. */
  depth: i32;
  /** Blocks of four outputs. */
  blocks: i32;
  /** Whether the slot is a pair of real frequencies. */
  real: Flag;
  accumulate: Flag;
  /** Bytes between rows of four outputs, and between blocks of them. */
  ldy: usize;
  block: usize;
  /** Where the second part of the weights makes its output, and the third one. */
  second: usize;
  third: usize;
}

/** K of a tile, behind `Products` in a thread's scratch. */
const K: usize = 64;
/** Where packed operands begin. */
export const PACKED: usize = 192;

/** Bytes of lanes that go through all outputs at a time: what they read stays in L1 beside û. */
const STRIP: usize = 64;

@unmanaged
export class FrequencyShape {
  inChannels: i32;
  outChannels: i32;
  side: i32;
  lanes: i32;
  laneBlock: i32;
}

@unmanaged
export class FrequencyProductsJob extends FrequencyShape {
  y: Buffer;
  x: Buffer;
  u: Buffer;
  /** Whether it is the data gradient: "in" and "out" are then the layer's outputs and inputs, and u is turned. */
  turned: Flag;
  accumulate: Flag;
}

/** y (+)= û·x̂, spectra of out and in channels. A tile is a slot. */
export function frequencyProducts(job: FrequencyProductsJob, scratch: usize, begin: i32, end: i32): void {
  const side = job.side;
  const inChannels = job.inChannels;
  const laneBlock = job.laneBlock;
  const slots = <usize>slotsOf(side);
  const ldx = spectrumStride(inChannels, laneBlock);
  const ldy = spectrumStride(job.outChannels, laneBlock);
  const ldu = slotStride(<usize>(inChannels * job.outChannels) * 12);
  const im = (<usize>laneBlock) << 2;
  const how = changetype<Products>(scratch);
  how.depth = inChannels;
  how.blocks = job.outChannels >> 2;
  how.accumulate = job.accumulate;
  how.ldy = 2 * im;
  how.block = 8 * im;
  for (let f = begin; f < end; f++) {
    const u = job.u + <usize>f * ldu;
    const real = isReal(f, side);
    // A data gradient has the conjugate weights: re and im change places.
    const second: usize = real || !job.turned ? 0 : im;
    how.real = real ? 1 : 0;
    how.second = real ? 0 : im - second;
    how.third = im - how.second;
    let x = job.x + <usize>f * ldx;
    let y = job.y + <usize>f * ldy;
    for (let left = job.lanes; left > 0; left -= laneBlock, x += slots * ldx, y += slots * ldy) {
      const lanes = (<usize>min(left, laneBlock)) << 2;
      store<u32>(scratch + K, touch(x, <usize>inChannels * (2 * im)));
      for (let strip: usize = 0; strip < lanes; strip += STRIP) {
        const width = min(lanes - strip, STRIP);
        packStrip(scratch + PACKED, x + strip, second, im - second, im, width, inChannels);
        const groups = <i32>(width >> 5);
        multiplyEights(y + strip, u, scratch + PACKED, scratch, groups);
        if (width & 31) {
          const done = <usize>groups;
          multiplyFour(y + strip + 32 * done, u, scratch + PACKED + <usize>inChannels * 96 * done, scratch);
        }
      }
    }
  }
}

/** x of a strip → [eight images, sum | second | third, channel, 8], the last of four images if there is half a group. */
function packStrip(packed: usize, x: usize, second: usize, third: usize, im: usize, width: usize, channels: i32): void {
  const part = (<usize>channels) << 5;
  for (let l: usize = 0; l < width; l += 32, packed += 3 * part) {
    let to = packed;
    let from = x + l;
    if (l + 32 > width) {
      const half = part >> 1;
      for (let c = 0; c < channels; c++, from += 2 * im, to += 16) {
        const a = v128.load(from + second);
        const b = v128.load(from + third);
        v128.store(to, f32x4.add(a, b));
        v128.store(to + half, a);
        v128.store(to + 2 * half, b);
      }
      return;
    }
    for (let c = 0; c < channels; c++, from += 2 * im, to += 32) {
      const a = v128.load(from + second);
      const b = v128.load(from + second, 16);
      const d = v128.load(from + third);
      const e = v128.load(from + third, 16);
      v128.store(to, f32x4.add(a, d));
      v128.store(to, f32x4.add(b, e), 16);
      v128.store(to + part, a);
      v128.store(to + part, b, 16);
      v128.store(to + 2 * part, d);
      v128.store(to + 2 * part, e, 16);
    }
  }
}

/**
 * y [4 o, 8 images] of all outputs of a slot, for `groups` groups of eight images: u [o / 4, three parts, depth, 4],
 * x [group, three parts, depth, 8]. Of a pair of real frequencies the first parts are not used. What is the first sum of a complex
 * product is where the other two begin. V8 unrolls the loop over terms the more loops stand around it.
 */
export function multiplyEights(y: usize, u: usize, x: usize, scratch: usize, groups: i32): void {
  const how = changetype<Products>(scratch);
  const depth = how.depth;
  const part = (<usize>depth) << 5;
  const partU = (<usize>depth) << 4;
  const real = how.real != 0;
  const ldy = how.ldy;
  const k = scratch + K;
  for (; groups > 0; groups--, y += 32, x += 3 * part) {
    let w = u;
    let row = y;
    for (let o = how.blocks; o > 0; o--, row += how.block) {
      let out = real ? row : k;
      let ldout: usize = real ? ldy : 32;
      let from = ZEROS;
      let ldfrom: usize = 0;
      let next = row + (real ? how.third : how.second);
      let add = real && how.accumulate != 0;
      let q = x;
      if (real) {
        q += part;
        w += partU;
      }
      for (; q < x + 3 * part; q += part, w += partU) {
        tile4x8(out, ldout, from, ldfrom, w, q, depth, add);
        if (!real) {
          from = k;
          ldfrom = 32;
        }
        out = next;
        ldout = ldy;
        next = row + how.third;
        add = how.accumulate != 0;
      }
    }
  }
}

/** The same of four images. */
function multiplyFour(y: usize, u: usize, x: usize, scratch: usize): void {
  const how = changetype<Products>(scratch);
  const depth = how.depth;
  const part = (<usize>depth) << 4;
  const real = how.real != 0;
  const ldy = how.ldy;
  const k = scratch + K;
  for (let o = how.blocks; o > 0; o--, y += how.block) {
    let out = real ? y : k;
    let ldout: usize = real ? ldy : 32;
    let from = ZEROS;
    let ldfrom: usize = 0;
    let next = y + (real ? how.third : how.second);
    let add = real && how.accumulate != 0;
    let q = x;
    if (real) {
      q += part;
      u += part;
    }
    for (; q < x + 3 * part; q += part, u += part) {
      tile4x4(out, ldout, from, ldfrom, u, q, depth, add);
      if (!real) {
        from = k;
        ldfrom = 32;
      }
      out = next;
      ldout = ldy;
      next = y + how.third;
      add = how.accumulate != 0;
    }
  }
}

/** y [4, 8] (+)= from + Σ_t w[t, 4]·x[t, 8] */
function tile4x8(
  y: usize,
  ldy: usize,
  from: usize,
  ldfrom: usize,
  w: usize,
  x: usize,
  depth: i32,
  accumulate: bool,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  from += ldfrom;
  let c10 = v128.load(from);
  let c11 = v128.load(from, 16);
  from += ldfrom;
  let c20 = v128.load(from);
  let c21 = v128.load(from, 16);
  from += ldfrom;
  let c30 = v128.load(from);
  let c31 = v128.load(from, 16);
  for (const end = w + ((<usize>depth) << 4); w < end; w += 16, x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    let s = v128.load32_splat(w);
    c00 = madd(c00, s, a);
    c01 = madd(c01, s, b);
    s = v128.load32_splat(w, 4);
    c10 = madd(c10, s, a);
    c11 = madd(c11, s, b);
    s = v128.load32_splat(w, 8);
    c20 = madd(c20, s, a);
    c21 = madd(c21, s, b);
    s = v128.load32_splat(w, 12);
    c30 = madd(c30, s, a);
    c31 = madd(c31, s, b);
  }
  if (accumulate) {
    let p = y;
    c00 = f32x4.add(v128.load(p), c00);
    c01 = f32x4.add(v128.load(p, 16), c01);
    p += ldy;
    c10 = f32x4.add(v128.load(p), c10);
    c11 = f32x4.add(v128.load(p, 16), c11);
    p += ldy;
    c20 = f32x4.add(v128.load(p), c20);
    c21 = f32x4.add(v128.load(p, 16), c21);
    p += ldy;
    c30 = f32x4.add(v128.load(p), c30);
    c31 = f32x4.add(v128.load(p, 16), c31);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  y += ldy;
  v128.store(y, c10);
  v128.store(y, c11, 16);
  y += ldy;
  v128.store(y, c20);
  v128.store(y, c21, 16);
  y += ldy;
  v128.store(y, c30);
  v128.store(y, c31, 16);
}

/** y [4, 4] (+)= from + Σ_t w[t, 4]·x[t, 4] */
function tile4x4(
  y: usize,
  ldy: usize,
  from: usize,
  ldfrom: usize,
  w: usize,
  x: usize,
  depth: i32,
  accumulate: bool,
): void {
  let c0 = v128.load(from);
  let c1 = v128.load(from + ldfrom);
  let c2 = v128.load(from + 2 * ldfrom);
  let c3 = v128.load(from + 3 * ldfrom);
  for (const end = w + ((<usize>depth) << 4); w < end; w += 16, x += 16) {
    const a = v128.load(x);
    c0 = madd(c0, v128.load32_splat(w), a);
    c1 = madd(c1, v128.load32_splat(w, 4), a);
    c2 = madd(c2, v128.load32_splat(w, 8), a);
    c3 = madd(c3, v128.load32_splat(w, 12), a);
  }
  if (accumulate) {
    c0 = f32x4.add(v128.load(y), c0);
    c1 = f32x4.add(v128.load(y + ldy), c1);
    c2 = f32x4.add(v128.load(y + 2 * ldy), c2);
    c3 = f32x4.add(v128.load(y + 3 * ldy), c3);
  }
  v128.store(y, c0);
  v128.store(y + ldy, c1);
  v128.store(y + 2 * ldy, c2);
  v128.store(y + 3 * ldy, c3);
}
