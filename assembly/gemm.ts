// The inner product of everything: y[r, c] (+)= bias[r] + Σ_t a[t, r] · x[offset[t] + c].
//
// r runs over a block of at most 4 rows whose factors lie side by side (a[t, r] at a + t·lda + 4r), c over `columns`
// contiguous floats. For a convolution t counts kernel taps and offset[t] says where tap t reads; for a linear layer
// offset[t] = t·batch. V8 keeps about 8 vector accumulators in registers, so tiles are 4×8, 3×8, 2×16, 2×12 and 1×32;
// wider ones spill (ARCHITECTURE.md, kernels). Each element is a sum in order of t, whichever tile computes it.
import { madd, storeLanes, storePartial } from "./simd";

/** Rows of a block: as many as share one load of x. */
export const ROWS: i32 = 4;

// @ts-ignore: AssemblyScript's v128 is a value here
type V = v128;

/** The first value of an accumulator. */
function start(y: usize, bias: usize, accumulate: bool): V {
  const b = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  return accumulate ? f32x4.add(v128.load(y), b) : b;
}

function tile4x8(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  const y1 = y + ldy;
  const y2 = y1 + ldy;
  const y3 = y2 + ldy;
  const next: usize = bias ? 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c10 = start(y1, bias + next, accumulate);
  let c11 = start(y1 + 16, bias + next, accumulate);
  let c20 = start(y2, bias + 2 * next, accumulate);
  let c21 = start(y2 + 16, bias + 2 * next, accumulate);
  let c30 = start(y3, bias + 3 * next, accumulate);
  let c31 = start(y3 + 16, bias + 3 * next, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    let s = v128.load32_splat(a);
    c00 = madd(c00, s, b0);
    c01 = madd(c01, s, b1);
    s = v128.load32_splat(a, 4);
    c10 = madd(c10, s, b0);
    c11 = madd(c11, s, b1);
    s = v128.load32_splat(a, 8);
    c20 = madd(c20, s, b0);
    c21 = madd(c21, s, b1);
    s = v128.load32_splat(a, 12);
    c30 = madd(c30, s, b0);
    c31 = madd(c31, s, b1);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
  v128.store(y3, c30);
  v128.store(y3, c31, 16);
}

/** The gradient of colour images: three rows. */
function tile3x8(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  const y1 = y + ldy;
  const y2 = y1 + ldy;
  const next: usize = bias ? 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c10 = start(y1, bias + next, accumulate);
  let c11 = start(y1 + 16, bias + next, accumulate);
  let c20 = start(y2, bias + 2 * next, accumulate);
  let c21 = start(y2 + 16, bias + 2 * next, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    let s = v128.load32_splat(a);
    c00 = madd(c00, s, b0);
    c01 = madd(c01, s, b1);
    s = v128.load32_splat(a, 4);
    c10 = madd(c10, s, b0);
    c11 = madd(c11, s, b1);
    s = v128.load32_splat(a, 8);
    c20 = madd(c20, s, b0);
    c21 = madd(c21, s, b1);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
}

function tile2x16(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  const y1 = y + ldy;
  const bias1 = bias ? bias + 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c02 = start(y + 32, bias, accumulate);
  let c03 = start(y + 48, bias, accumulate);
  let c10 = start(y1, bias1, accumulate);
  let c11 = start(y1 + 16, bias1, accumulate);
  let c12 = start(y1 + 32, bias1, accumulate);
  let c13 = start(y1 + 48, bias1, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const s0 = v128.load32_splat(a);
    const s1 = v128.load32_splat(a, 4);
    let b = v128.load(p);
    c00 = madd(c00, s0, b);
    c10 = madd(c10, s1, b);
    b = v128.load(p, 16);
    c01 = madd(c01, s0, b);
    c11 = madd(c11, s1, b);
    b = v128.load(p, 32);
    c02 = madd(c02, s0, b);
    c12 = madd(c12, s1, b);
    b = v128.load(p, 48);
    c03 = madd(c03, s0, b);
    c13 = madd(c13, s1, b);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y, c02, 32);
  v128.store(y, c03, 48);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y1, c12, 32);
  v128.store(y1, c13, 48);
}

function tile2x8(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  const y1 = y + ldy;
  const bias1: usize = bias ? bias + 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c10 = start(y1, bias1, accumulate);
  let c11 = start(y1 + 16, bias1, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    let s = v128.load32_splat(a);
    c00 = madd(c00, s, b0);
    c01 = madd(c01, s, b1);
    s = v128.load32_splat(a, 4);
    c10 = madd(c10, s, b0);
    c11 = madd(c11, s, b1);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
}

/** Twelve columns, or where `half` ten of them: the images of most distilled blocks. */
function tile2x12(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
  half: bool,
): void {
  const y1 = y + ldy;
  const bias1 = bias ? bias + 4 : 0;
  let c00 = start(y, bias, accumulate);
  let c01 = start(y + 16, bias, accumulate);
  let c02 = start(y + 32, bias, accumulate);
  let c10 = start(y1, bias1, accumulate);
  let c11 = start(y1 + 16, bias1, accumulate);
  let c12 = start(y1 + 32, bias1, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const s0 = v128.load32_splat(a);
    const s1 = v128.load32_splat(a, 4);
    let b = v128.load(p);
    c00 = madd(c00, s0, b);
    c10 = madd(c10, s1, b);
    b = v128.load(p, 16);
    c01 = madd(c01, s0, b);
    c11 = madd(c11, s1, b);
    b = v128.load(p, 32);
    c02 = madd(c02, s0, b);
    c12 = madd(c12, s1, b);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  storeLanes(y + 32, c02, half);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  storeLanes(y1 + 32, c12, half);
}

function tile1x16(
  y: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  let c0 = start(y, bias, accumulate);
  let c1 = start(y + 16, bias, accumulate);
  let c2 = start(y + 32, bias, accumulate);
  let c3 = start(y + 48, bias, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const s = v128.load32_splat(a);
    c0 = madd(c0, s, v128.load(p));
    c1 = madd(c1, s, v128.load(p, 16));
    c2 = madd(c2, s, v128.load(p, 32));
    c3 = madd(c3, s, v128.load(p, 48));
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
}

function tile1x32(
  y: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  let c0 = start(y, bias, accumulate);
  let c1 = start(y + 16, bias, accumulate);
  let c2 = start(y + 32, bias, accumulate);
  let c3 = start(y + 48, bias, accumulate);
  let c4 = start(y + 64, bias, accumulate);
  let c5 = start(y + 80, bias, accumulate);
  let c6 = start(y + 96, bias, accumulate);
  let c7 = start(y + 112, bias, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const s = v128.load32_splat(a);
    c0 = madd(c0, s, v128.load(p));
    c1 = madd(c1, s, v128.load(p, 16));
    c2 = madd(c2, s, v128.load(p, 32));
    c3 = madd(c3, s, v128.load(p, 48));
    c4 = madd(c4, s, v128.load(p, 64));
    c5 = madd(c5, s, v128.load(p, 80));
    c6 = madd(c6, s, v128.load(p, 96));
    c7 = madd(c7, s, v128.load(p, 112));
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
  v128.store(y, c4, 64);
  v128.store(y, c5, 80);
  v128.store(y, c6, 96);
  v128.store(y, c7, 112);
}

/** Four columns, or where `half` two of them. */
function tile4x4(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
  half: bool,
): void {
  const y1 = y + ldy;
  const y2 = y1 + ldy;
  const y3 = y2 + ldy;
  const next: usize = bias ? 4 : 0;
  let c0 = start(y, bias, accumulate);
  let c1 = start(y1, bias + next, accumulate);
  let c2 = start(y2, bias + 2 * next, accumulate);
  let c3 = start(y3, bias + 3 * next, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const b = v128.load(x + load<u32>(offsets));
    c0 = madd(c0, v128.load32_splat(a), b);
    c1 = madd(c1, v128.load32_splat(a, 4), b);
    c2 = madd(c2, v128.load32_splat(a, 8), b);
    c3 = madd(c3, v128.load32_splat(a, 12), b);
  }
  storeLanes(y, c0, half);
  storeLanes(y1, c1, half);
  storeLanes(y2, c2, half);
  storeLanes(y3, c3, half);
}

/** One row, up to 4 columns; x may be read 4 wide, y holds only `columns` floats there. */
function tile1x4(
  y: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
  columns: i32,
): void {
  let c = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  if (accumulate) c = f32x4.add(columns == 4 ? v128.load(y) : loadColumns(y, columns), c);
  for (; offsets < end; offsets += 4, a += lda) {
    c = madd(c, v128.load32_splat(a), v128.load(x + load<u32>(offsets)));
  }
  if (columns == 4) v128.store(y, c);
  else storePartial(y, c, columns);
}

function loadColumns(y: usize, columns: i32): V {
  let v = v128.load32_zero(y);
  if (columns > 1) v = v128.load32_lane(y + 4, v, 1);
  if (columns > 2) v = v128.load32_lane(y + 8, v, 2);
  return v;
}

/**
 * `rows` (1 to 4) rows of `columns` floats. offsets holds `depth` byte offsets into x. Strides ldy and lda in bytes.
 * Columns up to the next multiple of 4 are read from x (it must hold them) but not written.
 */
export function gemmBlock(
  y: usize,
  ldy: usize,
  rows: i32,
  columns: i32,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  depth: i32,
  bias: usize,
  accumulate: bool,
): void {
  const end = offsets + ((<usize>depth) << 2);
  let left = columns;
  if (rows == 4) {
    const lower = bias ? bias + 8 : 0;
    for (; left >= 8 && left != 12 && left != 10; left -= 8, y += 32, x += 32) {
      tile4x8(y, ldy, a, lda, x, offsets, end, bias, accumulate);
    }
    if (left >= 8) {
      const half = left == 10;
      tile2x12(y, ldy, a, lda, x, offsets, end, bias, accumulate, half);
      tile2x12(y + 2 * ldy, ldy, a + 8, lda, x, offsets, end, lower, accumulate, half);
      return;
    }
    if (left >= 4) {
      tile4x4(y, ldy, a, lda, x, offsets, end, bias, accumulate, false);
      left -= 4;
      y += 16;
      x += 16;
    }
    if (left == 2) {
      tile4x4(y, ldy, a, lda, x, offsets, end, bias, accumulate, true);
      return;
    }
    if (!left) return;
  } else if (rows == 3 && columns >= 8) {
    for (; left >= 8; left -= 8, y += 32, x += 32) tile3x8(y, ldy, a, lda, x, offsets, end, bias, accumulate);
    if (!left) return;
  } else if (rows >= 2) {
    let y2 = y;
    let x2 = x;
    for (left = columns; left >= 16; left -= 16, y2 += 64, x2 += 64) {
      tile2x16(y2, ldy, a, lda, x2, offsets, end, bias, accumulate);
    }
    if (left >= 12 || left == 10) {
      const half = left == 10;
      tile2x12(y2, ldy, a, lda, x2, offsets, end, bias, accumulate, half);
      left -= half ? 10 : 12;
      y2 += 48;
      x2 += 48;
    }
    if (left >= 8) {
      tile2x8(y2, ldy, a, lda, x2, offsets, end, bias, accumulate);
      left -= 8;
      y2 += 32;
      x2 += 32;
    }
    if (left) narrow(y2, ldy, 2, left, a, lda, x2, offsets, end, bias, accumulate);
    if (rows == 2) return;
    narrow(y + 2 * ldy, ldy, 1, columns, a + 8, lda, x, offsets, end, bias ? bias + 8 : 0, accumulate);
    return;
  }
  narrow(y, ldy, rows, left, a, lda, x, offsets, end, bias, accumulate);
}

/** Row by row. */
function narrow(
  y: usize,
  ldy: usize,
  rows: i32,
  columns: i32,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
): void {
  for (let r = 0; r < rows; r++) {
    const b = bias ? bias + ((<usize>r) << 2) : 0;
    let yr = y + <usize>r * ldy;
    let xr = x;
    let left = columns;
    for (; left >= 32; left -= 32, yr += 128, xr += 128) tile1x32(yr, a, lda, xr, offsets, end, b, accumulate);
    for (; left >= 16; left -= 16, yr += 64, xr += 64) tile1x16(yr, a, lda, xr, offsets, end, b, accumulate);
    for (; left > 0; left -= 4, yr += 16, xr += 16) {
      tile1x4(yr, a, lda, xr, offsets, end, b, accumulate, min(left, 4));
    }
    a += 4;
  }
}
