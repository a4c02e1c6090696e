// Numbers with 64 bits of mantissa in WGSL, which has no float64, made of whole numbers alone: a GPU may compute sums and products
// of floats in another order, which would undo the error terms of sums of two floats. Every result is right to about 2⁻⁶⁰ of
// itself, a sum to 2⁻⁶³ of its larger term. docs/math.md §9 says what for.

/** Products of whole numbers as two words. */
const times = `
fn wide_words(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu);
  let other = (a & 0xffffu) * (b >> 16u);
  let carry = (low >> 16u) + (middle & 0xffffu) + (other & 0xffffu);
  return vec2u((a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u) + (carry >> 16u), a * b);
}
`;

const type = `
/** ±(high·2³² + low)·2^exponent. The highest bit is set, or the number is 0, with a high of 0. */
struct Wide { high: u32, low: u32, exponent: i32, negative: bool }
const BEYOND = 1048576;
const NOT_FINITE = Wide(0x80000000u, 0u, BEYOND, false);
fn wide_is_finite(a: Wide) -> bool { return a.exponent < BEYOND; }
fn wide_normal(high_: u32, low_: u32, exponent_: i32, negative: bool) -> Wide {
  var high = high_;
  var low = low_;
  var exponent = exponent_;
  if (high == 0u) {
    if (low == 0u) { return Wide(0u, 0u, 0, false); }
    high = low;
    low = 0u;
    exponent -= 32;
  }
  let shift = countLeadingZeros(high);
  if (shift > 0u) {
    high = (high << shift) | (low >> (32u - shift));
    low = low << shift;
    exponent -= i32(shift);
  }
  return Wide(high, low, exponent, negative);
}
`;

const conversions = `
/** The whole number that is x without its exponent. */
fn float_whole(x: f32) -> u32 {
  let b = bits(x);
  return (b & 0x7fffffu) | select(0u, 0x800000u, b >= 0x800000u);
}
fn float_exponent(x: f32) -> i32 { return max(i32(bits(x) >> 23u), 1) - 150; }
fn wide_of(x: f32) -> Wide {
  if (!is_finite(x)) { return NOT_FINITE; }
  return wide_normal(0u, float_whole(x), float_exponent(x), x < 0.0);
}
/** x·y, exactly. */
fn wide_product(x: f32, y: f32) -> Wide {
  if (!is_finite(x) || !is_finite(y)) { return NOT_FINITE; }
  let words = wide_words(float_whole(x), float_whole(y));
  return wide_normal(words.x, words.y, float_exponent(x) + float_exponent(y), (x < 0.0) != (y < 0.0));
}
/** The nearest float; 0 for what is too small for a normal one, NaN for what is not finite. */
fn float_of(a: Wide) -> f32 {
  let sign = select(0u, 0x80000000u, a.negative);
  if (a.high == 0u) { return 0.0; }
  let rest = (a.high & 0xffu) != 0x80u || a.low != 0u;
  let up = (a.high & 0x80u) != 0u && (rest || (a.high & 0x100u) != 0u);
  // A carry out of the mantissa makes it 0 and adds 1 to the exponent, as it should.
  let field = a.exponent + 190;
  if (field >= 255) { return bitcast<f32>(select(0x7fc00000u, sign | 0x7f800000u, wide_is_finite(a))); }
  if (field <= 0) { return 0.0; }
  return bitcast<f32>(sign | ((u32(field) << 23u) + ((a.high >> 8u) & 0x7fffffu) + select(0u, 1u, up)));
}
`;

const arithmetic = `
fn wide_minus(a: Wide) -> Wide { return Wide(a.high, a.low, a.exponent, !a.negative); }
fn wide_add(a: Wide, b: Wide) -> Wide {
  if (!wide_is_finite(a) || !wide_is_finite(b)) { return NOT_FINITE; }
  if (a.high == 0u) { return b; }
  if (b.high == 0u) { return a; }
  let same_place = a.exponent == b.exponent;
  let b_larger = b.exponent > a.exponent || (same_place && (b.high > a.high || (b.high == a.high && b.low > a.low)));
  var large = a;
  var small = b;
  if (b_larger) {
    large = b;
    small = a;
  }
  var shift = u32(large.exponent - small.exponent);
  if (shift >= 64u) { return large; }
  var high = small.high;
  var low = small.low;
  if (shift >= 32u) {
    low = high;
    high = 0u;
    shift -= 32u;
  }
  if (shift > 0u) {
    low = (low >> shift) | (high << (32u - shift));
    high = high >> shift;
  }
  if (large.negative != small.negative) {
    let borrow = select(0u, 1u, large.low < low);
    return wide_normal(large.high - high - borrow, large.low - low, large.exponent, large.negative);
  }
  let low_sum = large.low + low;
  let carry = select(0u, 1u, low_sum < low);
  let high_part = large.high + high;
  let high_sum = high_part + carry;
  if (high_part < high || high_sum < carry) {
    return Wide((high_sum >> 1u) | 0x80000000u, (low_sum >> 1u) | (high_sum << 31u), large.exponent + 1, large.negative);
  }
  return Wide(high_sum, low_sum, large.exponent, large.negative);
}
fn wide_multiply(a: Wide, b: Wide) -> Wide {
  if (!wide_is_finite(a) || !wide_is_finite(b)) { return NOT_FINITE; }
  let top = wide_words(a.high, b.high);
  let one = wide_words(a.high, b.low).x;
  let other = wide_words(a.low, b.high).x;
  let part = top.y + one;
  let low = part + other;
  let high = top.x + select(0u, 1u, part < one) + select(0u, 1u, low < other);
  return wide_normal(high, low, a.exponent + b.exponent + 64, a.negative != b.negative);
}
/** a / b, by two steps of Newton's from the reciprocal of b as a float. */
fn wide_divide(a: Wide, b: Wide) -> Wide {
  if (!wide_is_finite(a) || !wide_is_finite(b) || b.high == 0u) { return NOT_FINITE; }
  var y = wide_of(1.0 / f32(b.high));
  y.exponent -= 32 + b.exponent;
  y.negative = b.negative;
  for (var i = 0; i < 2; i++) {
    y = wide_multiply(y, wide_add(wide_of(2.0), wide_minus(wide_multiply(b, y))));
  }
  return wide_multiply(a, y);
}
/** √a, by two steps of Newton's from 1/√a as a float. */
fn wide_sqrt(a: Wide) -> Wide {
  if (a.high == 0u) { return a; }
  if (!wide_is_finite(a) || a.negative) { return NOT_FINITE; }
  let place = 32 + a.exponent;
  let odd = place & 1;
  var y = wide_of(inverseSqrt(f32(a.high) * select(1.0, 2.0, odd == 1)));
  y.exponent -= (place - odd) >> 1u;
  for (var i = 0; i < 2; i++) {
    let rest = wide_add(wide_of(3.0), wide_minus(wide_multiply(a, wide_multiply(y, y))));
    y = wide_multiply(y, wide_multiply(wide_of(0.5), rest));
  }
  return wide_multiply(a, y);
}
`;

/** Four floats of the memory that are whole numbers, because other bits may not come back as they were. */
const memory = `
fn wide_get(place: u32) -> Wide {
  let first = i32(m[place]);
  let top = u32(m[place + 1u]);
  let middle = u32(m[place + 2u]);
  return Wide((top << 11u) | (middle >> 10u), (middle << 22u) | u32(m[place + 3u]), first >> 1u, (first & 1) == 1);
}
fn wide_put(place: u32, a: Wide) {
  m[place] = f32(a.exponent * 2 + select(0, 1, a.negative));
  m[place + 1u] = f32(a.high >> 11u);
  m[place + 2u] = f32(((a.high & 0x7ffu) << 10u) | (a.low >> 22u));
  m[place + 3u] = f32(a.low & 0x3fffffu);
}
`;

/** The struct Wide, wide_of and wide_product, float_of, sums, products, quotients and roots, and their way to memory and back. */
export const wide: string = times + type + conversions + arithmetic + memory;

/** A fraction above 0 as a constant of the type Wide, cut off after 64 bits. */
export function wideConstant(numerator: bigint, denominator: bigint): string {
  let exponent = 0;
  let whole = (numerator << 192n) / denominator;
  for (exponent = -192; whole >= 1n << 64n; exponent++) whole >>= 1n;
  return `Wide(${whole >> 32n}u, ${whole & 0xffffffffn}u, ${exponent}, false)`;
}
