// The inner product of everything: y[r, c] (+)= bias[r] + Σ_t a[t, r] · x[offset[t] + c].
//
// r runs over a block of at most ROWS rows whose factors lie side by side (a[t, r] at a + t·lda + 4r), c over `columns`
// contiguous floats. For a convolution t counts kernel taps and offset[t] says where tap t reads; for a linear layer
// offset[t] = t·lanes. V8 keeps about 8 vector accumulators in registers, so tiles (gemm-tiles.ts, gemm-narrow-tiles.ts) are
// 4×8, 3×8, 2×16, 2×12, 1×32 and 1×12; larger ones spill (ARCHITECTURE.md, Kernels and threads). Each element is a sum in order of t,
// whichever tile computes it.
import { tile1x4, tile1x12, tile1x16, tile1x32, tile2x8, tiles2x12, tiles2x16 } from "./gemm-narrow-tiles";
import { tile4x4, tiles3x8, tiles4x8 } from "./gemm-tiles";

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
    // A rest of 12 or 10 columns is two tiles of two rows.
    const rest = left & 7;
    const count = (left >> 3) - (left > 8 && (rest == 4 || rest == 2) ? 1 : 0);
    tiles4x8(y, ldy, a, lda, x, offsets, end, bias, accumulate, count);
    left -= count << 3;
    y += (<usize>count) << 5;
    x += (<usize>count) << 5;
    if (left >= 8) {
      tiles2x12(y, ldy, a, lda, x, offsets, end, bias, accumulate, left == 10, 2);
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
    const count = left >> 3;
    tiles3x8(y, ldy, a, lda, x, offsets, end, bias, accumulate, count);
    left -= count << 3;
    y += (<usize>count) << 5;
    x += (<usize>count) << 5;
    if (!left) return;
  } else if (rows >= 2) {
    const count = columns >> 4;
    tiles2x16(y, ldy, a, lda, x, offsets, end, bias, accumulate, count);
    left = columns & 15;
    let y2 = y + ((<usize>count) << 6);
    let x2 = x + ((<usize>count) << 6);
    if (left >= 12 || left == 10) {
      const half = left == 10;
      tiles2x12(y2, ldy, a, lda, x2, offsets, end, bias, accumulate, half, 1);
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
    if (left == 12 || left == 10) {
      tile1x12(yr, a, lda, xr, offsets, end, b, accumulate, left == 10);
      left = 0;
    }
    for (; left > 0; left -= 4, yr += 16, xr += 16) {
      tile1x4(yr, a, lda, xr, offsets, end, b, accumulate, min(left, 4));
    }
    a += 4;
  }
}
