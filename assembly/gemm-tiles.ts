// The tiles of gemm.ts that have three or four rows.
//
// A tile computes y[r, c] (+)= bias[r] + Σ_t a[t, r] · x[offset[t] + c]. `offsets` to before `end` are the byte offsets into x;
// the factors of a tap lie side by side at a, those of the next one `lda` bytes on; rows of y are `ldy` bytes apart. `tiles…`
// computes `count` tiles side by side. The loop over them stands in the function because V8 unrolls an inner loop the more the
// deeper it lies: two taps a round are a tenth to a fifth faster.
import { madd, storeLanes } from "./simd";

// @ts-ignore: AssemblyScript's v128 is a value here
type V = v128;

/** The first value of an accumulator. */
export function start(y: usize, bias: usize, accumulate: bool): V {
  const b = bias ? v128.load32_splat(bias) : f32x4.splat(0);
  return accumulate ? f32x4.add(v128.load(y), b) : b;
}

export function tiles4x8(
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
  const next: usize = bias ? 4 : 0;
  for (; count > 0; count--, y += 32, x += 32) {
    const y1 = y + ldy;
    const y2 = y1 + ldy;
    const y3 = y2 + ldy;
    let c00 = start(y, bias, accumulate);
    let c01 = start(y + 16, bias, accumulate);
    let c10 = start(y1, bias + next, accumulate);
    let c11 = start(y1 + 16, bias + next, accumulate);
    let c20 = start(y2, bias + 2 * next, accumulate);
    let c21 = start(y2 + 16, bias + 2 * next, accumulate);
    let c30 = start(y3, bias + 3 * next, accumulate);
    let c31 = start(y3 + 16, bias + 3 * next, accumulate);
    let s = a;
    for (let o = offsets; o < end; o += 4, s += lda) {
      const p = x + load<u32>(o);
      const b0 = v128.load(p);
      const b1 = v128.load(p, 16);
      let f = v128.load32_splat(s);
      c00 = madd(c00, f, b0);
      c01 = madd(c01, f, b1);
      f = v128.load32_splat(s, 4);
      c10 = madd(c10, f, b0);
      c11 = madd(c11, f, b1);
      f = v128.load32_splat(s, 8);
      c20 = madd(c20, f, b0);
      c21 = madd(c21, f, b1);
      f = v128.load32_splat(s, 12);
      c30 = madd(c30, f, b0);
      c31 = madd(c31, f, b1);
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
}

/** The gradient of colour images: three rows. */
export function tiles3x8(
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
  const next: usize = bias ? 4 : 0;
  for (; count > 0; count--, y += 32, x += 32) {
    const y1 = y + ldy;
    const y2 = y1 + ldy;
    let c00 = start(y, bias, accumulate);
    let c01 = start(y + 16, bias, accumulate);
    let c10 = start(y1, bias + next, accumulate);
    let c11 = start(y1 + 16, bias + next, accumulate);
    let c20 = start(y2, bias + 2 * next, accumulate);
    let c21 = start(y2 + 16, bias + 2 * next, accumulate);
    let s = a;
    for (let o = offsets; o < end; o += 4, s += lda) {
      const p = x + load<u32>(o);
      const b0 = v128.load(p);
      const b1 = v128.load(p, 16);
      let f = v128.load32_splat(s);
      c00 = madd(c00, f, b0);
      c01 = madd(c01, f, b1);
      f = v128.load32_splat(s, 4);
      c10 = madd(c10, f, b0);
      c11 = madd(c11, f, b1);
      f = v128.load32_splat(s, 8);
      c20 = madd(c20, f, b0);
      c21 = madd(c21, f, b1);
    }
    v128.store(y, c00);
    v128.store(y, c01, 16);
    v128.store(y1, c10);
    v128.store(y1, c11, 16);
    v128.store(y2, c20);
    v128.store(y2, c21, 16);
  }
}

/** Four columns, or where `half` two of them. */
export function tile4x4(
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
