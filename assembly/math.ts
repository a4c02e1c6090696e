// Elementary functions on four floats, in our own code: the same bits on every machine. Polynomials are minimax fits to
// the function named beside them. Each bound is the largest error seen against float64 `Math` in a dense sweep of the
// stated range; 1 ulp is the distance between floats at the exact result.
import { madd } from "./simd";

/** ln 2 in two parts: k·LN2_HIGH is exact for |k| < 2⁷. */
const LN2_HIGH: f32 = 0.6931381225585938;
const LN2_LOW: f32 = 9.058001523953862e-6;

const TWO_PI: f32 = 6.2831854820251465;
/** 2π − TWO_PI */
const TWO_PI_LOW: f32 = -1.7484556025237907e-7;

const EXP_MIN: f32 = -87.33;
const EXP_MAX: f32 = 88.72;

/** c + a·b */
function horner(c: f32, a: v128, b: v128): v128 {
  return madd(f32x4.splat(c), a, b);
}

/**
 * eˣ = 2ᵏ·eʳ with k = round(x / ln 2), r = x − k·ln 2, |r| ≤ ln 2 / 2.
 * 0 below −87.33 (no denormals), constant above 88.72, NaN for NaN. Error 0.97 ulp on [−87.33, 88.72].
 */
export function expPs(x: v128): v128 {
  // pmin and pmax are one instruction and give their first operand where it is NaN; min and max are several.
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(EXP_MIN)), f32x4.splat(EXP_MAX));
  const k = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(clamped, f32x4.mul(k, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(LN2_LOW)));
  // (eʳ − 1 − r) / r²
  let q = horner(0.008368730254242096, r, f32x4.splat(0.0013814570263297385));
  q = horner(0.04166838935279698, q, r);
  q = horner(0.16666520521322317, q, r);
  q = horner(0.49999993440329926, q, r);
  const y = f32x4.add(f32x4.splat(1), madd(r, f32x4.mul(r, r), q));
  // Adding k to the exponent bits multiplies by 2ᵏ: y is in (0.7, 1.42), and at either end of the range y has the
  // exponent that keeps the sum within 1 … 254.
  const scaled = i32x4.add(y, i32x4.shl(i32x4.trunc_sat_f32x4_s(k), 23));
  return v128.andnot(scaled, f32x4.lt(x, f32x4.splat(EXP_MIN)));
}

/**
 * ln x = k·ln 2 + ln(1 + f), x = 2ᵏ·(1 + f), 1 + f in [√½, √2). With s = f / (2 + f):
 * ln(1 + f) = 2·atanh(s) = f − (f²/2 − s·(f²/2 + R(s²))), which loses nothing near x = 1.
 * For normal floats; −∞ for 0, ∞ for ∞, NaN for NaN and x < 0. Error 0.84 ulp over the positive normal floats.
 */
export function logPs(x: v128): v128 {
  const one = f32x4.splat(1);
  // Moves the boundary between exponents from 1 to √½ (0x3f3504f3).
  const shifted = i32x4.add(x, i32x4.splat(0x3f800000 - 0x3f3504f3));
  const k = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(shifted, 23), i32x4.splat(127)));
  const m = i32x4.add(v128.and(shifted, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, one);
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  // (2·atanh(s) − 2s) / (s·z)
  let q = horner(0.3997749557723895, z, f32x4.splat(0.29873073315665716));
  q = f32x4.mul(z, horner(0.6666677671707789, q, z));
  const half = f32x4.mul(f32x4.splat(0.5), f32x4.mul(f, f));
  const low = madd(f32x4.mul(k, f32x4.splat(LN2_LOW)), s, f32x4.add(half, q));
  let y = f32x4.sub(f32x4.mul(k, f32x4.splat(LN2_HIGH)), f32x4.sub(f32x4.sub(half, low), f));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)));
  // All bits set is a NaN.
  return v128.or(y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/**
 * ln(1 + eˣ) = max(x, 0) + log1p(t), t = e^−|x|, and log1p(t) = ln(u) + (t − (u − 1)) / u, u = f32(1 + t): the second
 * term is what rounding u lost, and all there is for small t, so learning rates such as softplus(−20) keep their digits.
 * 0 below −87.33. Error 2.0 ulp (1.8e-7 relative) on [−87.3, 100].
 */
export function softplusPs(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = expPs(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(one, t);
  const lost = f32x4.sub(t, f32x4.sub(u, one));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.add(logPs(u), f32x4.div(lost, u)));
}

/** 1 / (1 + e^−x) = (x ≥ 0 ? 1 : t) / (1 + t), t = e^−|x|. 0 below −87.33. Error 2.5 ulp (1.8e-7 relative) on [−87.3, 100]. */
export function sigmoidPs(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = expPs(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(one, t, f32x4.ge(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, t));
}

/**
 * tanh x, by the sign of x and |x|: a polynomial below 0.625, which keeps the relative accuracy of small x, and
 * 1 − 2 / (e^2|x| + 1) from there on. ±1 beyond ±9.01, NaN for NaN. Error 1.34 ulp (1.5e-7 relative) over all normal floats.
 */
export function tanhPs(x: v128): v128 {
  const one = f32x4.splat(1);
  const sign = v128.and(x, i32x4.splat(<i32>0x80000000));
  // tanh 10 rounds to 1, and the exponential stays far from overflow.
  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(10));
  const z = f32x4.mul(a, a);
  // (tanh a / a − 1) / z
  let q = horner(0.0206390880048275, z, f32x4.splat(-0.005704986862838268));
  q = horner(-0.05373971536755562, q, z);
  q = horner(0.13331441581249237, q, z);
  q = horner(-0.3333328068256378, q, z);
  const small = madd(a, a, f32x4.mul(q, z));
  const e = expPs(f32x4.add(a, a));
  const large = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  return v128.xor(v128.bitselect(small, large, f32x4.lt(a, f32x4.splat(0.625))), sign);
}

/** sin 2πr, |r| ≤ ⅛ */
function sinEighth(r: v128): v128 {
  const z = f32x4.mul(r, r);
  // (sin 2πr / r − 2π) / z
  let q = horner(81.59393695370159, z, f32x4.splat(-75.45339632671757));
  q = horner(-41.341673161549636, q, z);
  return f32x4.add(f32x4.mul(f32x4.splat(TWO_PI), r), f32x4.mul(r, horner(TWO_PI_LOW, q, z)));
}

/** cos 2πr, |r| ≤ ⅛ */
function cosEighth(r: v128): v128 {
  const z = f32x4.mul(r, r);
  // (cos 2πr − 1) / z
  let q = horner(-85.44374174598141, z, f32x4.splat(59.2459647108317));
  q = horner(64.93932647182605, q, z);
  q = horner(-19.739208693656145, q, z);
  return horner(1, q, z);
}

/** sin 2π(r + k/4) */
function sinQuarter(r: v128, k: v128): v128 {
  const odd = i32x4.ne(v128.and(k, i32x4.splat(1)), i32x4.splat(0));
  const sign = i32x4.shl(v128.and(k, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(cosEighth(r), sinEighth(r), odd), sign);
}

/** sin 2πu, u in [0, 1). Error 1.7 ulp (7.3e-8 absolute) over all multiples of 2⁻²⁴. */
export function sin2PiPs(u: v128): v128 {
  const k = f32x4.nearest(f32x4.mul(u, f32x4.splat(4)));
  const r = f32x4.sub(u, f32x4.mul(k, f32x4.splat(0.25)));
  return sinQuarter(r, i32x4.trunc_sat_f32x4_s(k));
}

/** cos 2πu = sin 2π(u + ¼), u in [0, 1). Error 1.7 ulp (7.3e-8 absolute) over all multiples of 2⁻²⁴. */
export function cos2PiPs(u: v128): v128 {
  const k = f32x4.nearest(f32x4.mul(u, f32x4.splat(4)));
  const r = f32x4.sub(u, f32x4.mul(k, f32x4.splat(0.25)));
  return sinQuarter(r, i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(1)));
}
