// The tiles of gemm.ts that have one or two rows; gemm-tiles.ts says what their arguments are.
import { start } from "./gemm-tiles";
import { madd, storeLanes, storePartial } from "./simd";

// @ts-ignore: AssemblyScript's v128 is a value here
type V = v128;

export function tiles2x16(
  y: usize,
  ldy: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
  count: i32,
): void {
  for (; count > 0; count--, y += 64, x += 64) {
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
    let f = a;
    for (let o = offsets; o < end; o += 4, f += lda) {
      const p = x + load<u32>(o);
      const s0 = v128.load32_splat(f);
      const s1 = v128.load32_splat(f, 4);
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
}

/** `pairs` pairs of rows of twelve columns, or where `half` ten of them: the images of most distilled blocks. */
export function tiles2x12(
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
  pairs: i32,
): void {
  for (; pairs > 0; pairs--, y += 2 * ldy, a += 8, bias += bias ? 8 : 0) {
    const y1 = y + ldy;
    const bias1 = bias ? bias + 4 : 0;
    let c00 = start(y, bias, accumulate);
    let c01 = start(y + 16, bias, accumulate);
    let c02 = start(y + 32, bias, accumulate);
    let c10 = start(y1, bias1, accumulate);
    let c11 = start(y1 + 16, bias1, accumulate);
    let c12 = start(y1 + 32, bias1, accumulate);
    let f = a;
    for (let o = offsets; o < end; o += 4, f += lda) {
      const p = x + load<u32>(o);
      const s0 = v128.load32_splat(f);
      const s1 = v128.load32_splat(f, 4);
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
}

export function tile2x8(
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

/** One tile a call: with two taps a round, V8 would have more vectors than registers. */
export function tile1x32(
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

export function tile1x16(
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

/** One row, 12 columns, or where `half` 10 of them: a pixel of ten or twelve images, whose sums do not wait for each other. */
export function tile1x12(
  y: usize,
  a: usize,
  lda: usize,
  x: usize,
  offsets: usize,
  end: usize,
  bias: usize,
  accumulate: bool,
  half: bool,
): void {
  let c0 = start(y, bias, accumulate);
  let c1 = start(y + 16, bias, accumulate);
  let c2 = start(y + 32, bias, accumulate);
  for (; offsets < end; offsets += 4, a += lda) {
    const p = x + load<u32>(offsets);
    const s = v128.load32_splat(a);
    c0 = madd(c0, s, v128.load(p));
    c1 = madd(c1, s, v128.load(p, 16));
    c2 = madd(c2, s, v128.load(p, 32));
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  storeLanes(y + 32, c2, half);
}

/** One row, up to 4 columns; x may be read 4 wide, y holds only `columns` floats there. */
export function tile1x4(
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
