// Convolution with fewer multiplications (Winograd 1980; Lavin and Gray 2016), batch innermost: stride 1, a square kernel
// of r = 3 or 5. A tile of 6×6 inputs gives m×m outputs, m = 7 − r, by 36 products where the sum itself takes m²·r²:
// 4 times as many for r = 3, 2.8 times for r = 5. With the points 0, ±1, ±2, ∞ of interpolation, in one dimension
//
//   y = Aᵀ[(G·w) ⊙ (Bᵀ·x)]        the same tile in all three passes; in two dimensions each matrix acts on both sides:
//   forward          Y = Aᵀ[Σ_c (G w Gᵀ) ⊙ (Bᵀ x B)] A
//   data gradient    the forward pass of dy with the kernel turned round
//   weight gradient  dw = Gᵀ[Σ (A dy Aᵀ) ⊙ (Bᵀ x B)] G, summed over tiles and images
//
// so that each of the 36 positions of a tile is a matrix product over channels, for the tiles of gemm.ts. A block of
// tiles × lanes goes through at a time, whose transforms stay in the calling thread's scratch, in L2. Rounding errors are
// about ten times those of the direct sum, and which of the two a layer uses is decided by its shape alone
// (src/backend/winograd.ts).
//
// x [c, h, w, B]   w [oc, c, r, r]   y [oc, oh, ow, B]   u [36, oc / 4, c, 4]   channels and B multiples of 4
import { gemmBlock, ROWS } from "./gemm";
import { transpose4x4 } from "./layout";
import { transform6, transformOutputs, transformWeights, untransformWeights, widen } from "./winograd-matrices";

// scratch: [offsets: 4096 u32][six rows of transformed columns][a line of zeros][four tiles][…][transformed tiles]
const COLUMNS: usize = 16_384;
const ZEROS: usize = 81_920;
const FOUR: usize = ZEROS + 64;
/** Where the transformed tiles begin; below is what other kernels share. */
const TILES: usize = 98_304;
/** Floats between two positions' matrices beside their size: an odd number of cache lines, so that sets are shared out. */
const SKEW: i32 = 16;

/** Row r of w's six by r products goes where gemm.ts reads it: u[p, block, c, row of the block] = (G w Gᵀ)[p]. */
export function winogradWeights(
  u: usize,
  w: usize,
  inChannels: i32,
  outChannels: i32,
  kernel: i32,
  turned: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const area = kernel * kernel;
  const position = (<usize>(outChannels * inChannels)) << 2;
  // From one output channel to the next, from one input channel to the next, from one tap to the next.
  const ldo = (<usize>(turned ? area : inChannels * area)) << 2;
  const ldc = (<usize>(turned ? outChannels * area : area)) << 2;
  for (let block = begin; block < end; block++) {
    for (let c = 0; c < inChannels; c++) {
      const source = w + <usize>(block * ROWS) * ldo + <usize>c * ldc;
      const target = u + ((<usize>((block * inChannels + c) * ROWS)) << 2);
      // Four output channels side by side: lanes.
      for (let t = 0; t < area; t++) {
        const at = source + ((<usize>(turned ? area - 1 - t : t)) << 2);
        let v = v128.load32_zero(at);
        v = v128.load32_lane(at + ldo, v, 1);
        v = v128.load32_lane(at + 2 * ldo, v, 2);
        v = v128.load32_lane(at + 3 * ldo, v, 3);
        v128.store(scratch + ((<usize>t) << 4), v);
      }
      transformWeights(target, position, scratch, kernel, scratch + 1024);
    }
  }
}

/**
 * Bᵀ acts on the columns of one channel: tmp[i, j] for the six rows of the tiles and `width` columns from `left` on.
 * What lies outside the input is zero.
 */
function columns(
  tmp: usize,
  x: usize,
  zeros: usize,
  height: i32,
  width: i32,
  top: i32,
  left: i32,
  count: i32,
  lane: usize,
): void {
  const row = <usize>width * lane;
  const ld = (<usize>count) << 4;
  const first = max(0, -left);
  const last = min(count, width - left);
  for (let j = 0; j < count; j++) {
    if (j >= first && j < last) continue;
    for (let i: usize = 0; i < 6; i++) v128.store(tmp + i * ld + ((<usize>j) << 4), f32x4.splat(0));
  }
  const x0 = x + <usize>(top * width + left + first) * lane;
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
  const s0: usize = in0 ? lane : 0;
  const s1: usize = in1 ? lane : 0;
  const s2: usize = in2 ? lane : 0;
  const s3: usize = in3 ? lane : 0;
  const s4: usize = in4 ? lane : 0;
  const s5: usize = in5 ? lane : 0;
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
function tileOf(out: usize, ldo: usize, tmp: usize, ld: usize): void {
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

/**
 * y (+)= w ⋆ x + bias over an input with `padding` zeros around it, from the transformed weights u. A tile of the job is
 * a row of `tileBlock` tiles × `laneBlock` images; tiles [begin, end) count images first, then along the row.
 */
export function winogradForward(
  y: usize,
  x: usize,
  u: usize,
  bias: usize,
  inChannels: i32,
  height: i32,
  width: i32,
  outChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernel: i32,
  padding: i32,
  batch: i32,
  laneBlock: i32,
  tileBlock: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const m = 7 - kernel;
  const across = (outWidth + m - 1) / m;
  const laneBlocks = (batch + laneBlock - 1) / laneBlock;
  const tileBlocks = (across + tileBlock - 1) / tileBlock;
  const lane = (<usize>batch) << 2;
  const plane = <usize>(height * width) * lane;
  const outPlane = <usize>(outHeight * outWidth) * lane;
  const position = (<usize>(outChannels * inChannels)) << 2;
  const tmp = scratch + COLUMNS;
  const zeros = scratch + ZEROS;
  const v = scratch + TILES;
  v128.store(zeros, f32x4.splat(0));
  let offsetsOf = 0;
  for (let tile = begin; tile < end; tile++) {
    const row = tile / laneBlocks;
    const firstLane = (tile - row * laneBlocks) * laneBlock;
    const ty = row / tileBlocks;
    const firstTile = (row - ty * tileBlocks) * tileBlock;
    const lanes = min(laneBlock, batch - firstLane);
    const tiles = min(tileBlock, across - firstTile);
    const cells = lanes * tiles;
    const ldv = (<usize>(inChannels * cells + SKEW)) << 2;
    const ldm = (<usize>(outChannels * cells + SKEW)) << 2;
    const products = v + 36 * ldv;
    const cellBytes = (<usize>cells) << 2;
    const count = tiles * m + 6 - m;
    const ld = (<usize>count) << 4;
    const skip = (<usize>firstLane) << 2;
    if (offsetsOf != cells) {
      for (let c = 0; c < inChannels; c++) store<u32>(scratch + ((<usize>c) << 2), <u32>(<usize>c * cellBytes));
      offsetsOf = cells;
    }
    for (let c = 0; c < inChannels; c++) {
      const source = x + <usize>c * plane + skip;
      const target = v + <usize>c * cellBytes;
      for (let l: usize = 0; l < <usize>lanes; l += 4) {
        columns(tmp, source + (l << 2), zeros, height, width, ty * m - padding, firstTile * m - padding, count, lane);
        for (let t: usize = 0; t < <usize>tiles; t++) {
          tileOf(target + ((t * <usize>lanes + l) << 2), ldv, tmp + ((t * <usize>m) << 4), ld);
        }
      }
    }
    for (let p: usize = 0; p < 36; p++) {
      for (let o = 0; o < outChannels; o += ROWS) {
        gemmBlock(
          products + p * ldm + <usize>o * cellBytes,
          cellBytes,
          ROWS,
          cells,
          u + p * position + ((<usize>(o * inChannels)) << 2),
          16,
          v + p * ldv,
          scratch,
          inChannels,
          0,
          false,
        );
      }
    }
    for (let o = 0; o < outChannels; o++) {
      const b = bias ? v128.load32_splat(bias + ((<usize>o) << 2)) : f32x4.splat(0);
      for (let t = 0; t < tiles; t++) {
        const left = (firstTile + t) * m;
        const target = y + <usize>o * outPlane + <usize>(ty * m * outWidth + left) * lane + skip;
        const source = products + <usize>o * cellBytes + ((<usize>(t * lanes)) << 2);
        const rows = min(m, outHeight - ty * m);
        const across = min(m, outWidth - left);
        for (let l: usize = 0; l < (<usize>lanes) << 2; l += 16) {
          transformOutputs(
            target + l,
            <usize>outWidth * lane,
            lane,
            rows,
            across,
            source + l,
            ldm,
            m,
            b,
            accumulate != 0,
            scratch + FOUR,
          );
        }
      }
    }
  }
}

/** Tiles [c, 4] of lanes → [lane, c] rows of `ldo` bytes, for each of the 36 positions. */
function turnFour(out: usize, position: usize, ldo: usize, four: usize): void {
  for (let p = 0; p < 36; p++, out += position, four += 64) {
    transpose4x4(out, four, 16, ldo);
  }
}

/**
 * du[group] = Σ (A dy Aᵀ) ⊙ (Bᵀ x B), [36, oc, c], over the group's share of the blocks of tiles × lanes. A tile of the
 * job is one of `groups` groups; how many there are decides the order of the sum, and is decided by the shape.
 */
export function winogradBackwardWeights(
  du: usize,
  dy: usize,
  x: usize,
  inChannels: i32,
  height: i32,
  width: i32,
  outChannels: i32,
  outHeight: i32,
  outWidth: i32,
  kernel: i32,
  padding: i32,
  batch: i32,
  laneBlock: i32,
  tileBlock: i32,
  groups: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const m = 7 - kernel;
  const across = (outWidth + m - 1) / m;
  const laneBlocks = (batch + laneBlock - 1) / laneBlock;
  const tileBlocks = (across + tileBlock - 1) / tileBlock;
  const blocks = ((outHeight + m - 1) / m) * tileBlocks * laneBlocks;
  const lane = (<usize>batch) << 2;
  const plane = <usize>(height * width) * lane;
  const outPlane = <usize>(outHeight * outWidth) * lane;
  const ldc = (<usize>inChannels) << 2;
  const ldo = (<usize>outChannels) << 2;
  const size = <usize>outChannels * ldc;
  const tmp = scratch + COLUMNS;
  const zeros = scratch + ZEROS;
  const four = scratch + FOUR;
  const v = scratch + TILES;
  v128.store(zeros, f32x4.splat(0));
  for (let i = 0; i < laneBlock * tileBlock; i++) store<u32>(scratch + ((<usize>i) << 2), <u32>(<usize>i * ldc));
  for (let group = begin; group < end; group++) {
    const target = du + <usize>group * 36 * size;
    const last = ((group + 1) * blocks) / groups;
    const first = (group * blocks) / groups;
    for (let block = first; block < last; block++) {
      const row = block / laneBlocks;
      const firstLane = (block - row * laneBlocks) * laneBlock;
      const ty = row / tileBlocks;
      const firstTile = (row - ty * tileBlocks) * tileBlock;
      const lanes = min(laneBlock, batch - firstLane);
      const tiles = min(tileBlock, across - firstTile);
      const cells = lanes * tiles;
      const ldv = <usize>cells * ldc + ((<usize>SKEW) << 2);
      const ldd = <usize>cells * ldo + ((<usize>SKEW) << 2);
      const d = v + 36 * ldv;
      const count = tiles * m + 6 - m;
      const ld = (<usize>count) << 4;
      for (let l = 0; l < lanes; l += 4) {
        const skip = (<usize>(firstLane + l)) << 2;
        for (let c = 0; c < inChannels; c += 4) {
          for (let q = 0; q < 4; q++) {
            const source = x + <usize>(c + q) * plane + skip;
            columns(
              tmp + <usize>q * 6 * ld,
              source,
              zeros,
              height,
              width,
              ty * m - padding,
              firstTile * m - padding,
              count,
              lane,
            );
          }
          for (let t = 0; t < tiles; t++) {
            for (let q: usize = 0; q < 4; q++) {
              tileOf(four + (q << 4), 64, tmp + q * 6 * ld + ((<usize>(t * m)) << 4), ld);
            }
            turnFour(v + <usize>(t * lanes + l) * ldc + ((<usize>c) << 2), ldv, ldc, four);
          }
        }
        const rows = min(m, outHeight - ty * m);
        for (let t = 0; t < tiles; t++) {
          const left = (firstTile + t) * m;
          const wide = min(m, outWidth - left);
          const corner = dy + <usize>(ty * m * outWidth + left) * lane + skip;
          for (let o = 0; o < outChannels; o += 4) {
            for (let q: usize = 0; q < 4; q++) {
              const source = corner + (<usize>o + q) * outPlane;
              widen(four + (q << 4), 64, source, <usize>outWidth * lane, lane, rows, wide, m, tmp);
            }
            turnFour(d + <usize>(t * lanes + l) * ldo + ((<usize>o) << 2), ldd, ldo, four);
          }
        }
      }
      for (let p: usize = 0; p < 36; p++) {
        for (let o: usize = 0; o < <usize>outChannels; o += <usize>ROWS) {
          gemmBlock(
            target + p * size + o * ldc,
            ldc,
            ROWS,
            inChannels,
            d + p * ldd + (o << 2),
            ldo,
            v + p * ldv,
            scratch,
            cells,
            0,
            block > first,
          );
        }
      }
    }
  }
}

/** dw (+)= Gᵀ (Σ_group du) G, the groups in order. A tile is one output channel. */
export function winogradWeightsBack(
  dw: usize,
  du: usize,
  inChannels: i32,
  outChannels: i32,
  kernel: i32,
  groups: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const area = kernel * kernel;
  const ldc = (<usize>inChannels) << 2;
  const size = <usize>outChannels * ldc;
  for (let o = begin; o < end; o++) {
    for (let c = 0; c < inChannels; c += 4) {
      for (let p: usize = 0; p < 36; p++) {
        let source = du + p * size + <usize>o * ldc + ((<usize>c) << 2);
        let sum = v128.load(source);
        for (let g = 1; g < groups; g++) {
          source += 36 * size;
          sum = f32x4.add(sum, v128.load(source));
        }
        v128.store(scratch + (p << 4), sum);
      }
      untransformWeights(scratch + 1024, scratch, kernel, scratch + 2048);
      for (let t: usize = 0; t < <usize>area; t++) {
        const v = v128.load(scratch + 1024 + (t << 4));
        const target = dw + ((<usize>((o * inChannels + c) * area) + t) << 2);
        const step = (<usize>area) << 2;
        if (accumulate) {
          const old = v128.load32_lane(
            target + 3 * step,
            v128.load32_lane(target + 2 * step, v128.load32_lane(target + step, v128.load32_zero(target), 1), 2),
            3,
          );
          scatter(target, step, f32x4.add(old, v));
        } else scatter(target, step, v);
      }
    }
  }
}

function scatter(target: usize, step: usize, v: v128): void {
  v128.store32_lane(target, v, 0);
  v128.store32_lane(target + step, v, 1);
  v128.store32_lane(target + 2 * step, v, 2);
  v128.store32_lane(target + 3 * step, v, 3);
}
