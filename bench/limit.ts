// The machine's limit: as many 128-bit multiplications and additions as WebAssembly lets a core issue. Eight
// independent sums hide the latency of an addition; per 8 multiplications and 8 additions there are only 2 loads, so
// nothing but arithmetic can be the bottleneck. All operands come from memory: V8 would make constants again inside
// the loop, and the loop would measure that.

/** 128-bit words of x: 16 KiB, which stay in the first-level cache of any core. */
const WORDS: usize = 1024;

/** sums[2r + c] += factors[r] · Σ x[word ≡ c mod 2], `rounds` times over; 4 factors, 8 sums, all of 4 floats. */
export function limit(sums: usize, factors: usize, x: usize, rounds: i32): void {
  const s0 = v128.load(factors);
  const s1 = v128.load(factors, 16);
  const s2 = v128.load(factors, 32);
  const s3 = v128.load(factors, 48);
  let c00 = v128.load(sums);
  let c01 = v128.load(sums, 16);
  let c10 = v128.load(sums, 32);
  let c11 = v128.load(sums, 48);
  let c20 = v128.load(sums, 64);
  let c21 = v128.load(sums, 80);
  let c30 = v128.load(sums, 96);
  let c31 = v128.load(sums, 112);
  const end = x + WORDS * 16;
  for (; rounds > 0; rounds--) {
    for (let p = x; p < end; p += 64) {
      let b = v128.load(p);
      c00 = f32x4.add(c00, f32x4.mul(s0, b));
      c10 = f32x4.add(c10, f32x4.mul(s1, b));
      c20 = f32x4.add(c20, f32x4.mul(s2, b));
      c30 = f32x4.add(c30, f32x4.mul(s3, b));
      b = v128.load(p, 16);
      c01 = f32x4.add(c01, f32x4.mul(s0, b));
      c11 = f32x4.add(c11, f32x4.mul(s1, b));
      c21 = f32x4.add(c21, f32x4.mul(s2, b));
      c31 = f32x4.add(c31, f32x4.mul(s3, b));
      b = v128.load(p, 32);
      c00 = f32x4.add(c00, f32x4.mul(s0, b));
      c10 = f32x4.add(c10, f32x4.mul(s1, b));
      c20 = f32x4.add(c20, f32x4.mul(s2, b));
      c30 = f32x4.add(c30, f32x4.mul(s3, b));
      b = v128.load(p, 48);
      c01 = f32x4.add(c01, f32x4.mul(s0, b));
      c11 = f32x4.add(c11, f32x4.mul(s1, b));
      c21 = f32x4.add(c21, f32x4.mul(s2, b));
      c31 = f32x4.add(c31, f32x4.mul(s3, b));
    }
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
}
