// Elementary functions in WGSL: the polynomials of assembly/math.ts, because those of a GPU's driver may be right to three
// digits only. The bounds beside them hold where the GPU rounds sums and products to the nearest float.

const ln2 = "const LN2_HIGH = 0.6931381225585938; const LN2_LOW = 9.058001523953862e-6;";

/** eˣ: 0 below −87.33, constant above 88.72, NaN for NaN. */
const exp = `
fn exp_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x < -87.33) { return 0.0; }
  let clamped = min(x, 88.72);
  let k = round(clamped * 1.4426950408889634);
  let r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
  var q = 0.008368730254242096 + r * 0.0013814570263297385;
  q = 0.04166838935279698 + q * r;
  q = 0.16666520521322317 + q * r;
  q = 0.49999993440329926 + q * r;
  let y = 1.0 + (r + (r * r) * q);
  return bitcast<f32>(bitcast<i32>(y) + (i32(k) << 23u));
}
`;

/** ln x of a normal float above 0. */
const log = `
fn log_(x: f32) -> f32 {
  let shifted = bitcast<u32>(x) + (0x3f800000u - 0x3f3504f3u);
  let k = f32(i32(shifted >> 23u) - 127);
  let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  let r = f / (f + 2.0);
  let z = r * r;
  var q = 0.3997749557723895 + z * 0.29873073315665716;
  q = z * (0.6666677671707789 + q * z);
  let half = 0.5 * (f * f);
  let low = k * LN2_LOW + r * (half + q);
  return k * LN2_HIGH - ((half - low) - f);
}
`;

// A GPU may take (1 + t) − 1 for t, so nothing here is computed from what rounding lost.
const smooth = `
/** ln(1 + t), t in [0, 1]: 2·atanh(r), r = t / (2 + t) */
fn log1p_(t: f32) -> f32 {
  let r = t / (2.0 + t);
  let z = r * r;
  var q = 1.0 / 13.0 + z * (1.0 / 15.0);
  q = 1.0 / 11.0 + q * z;
  q = 1.0 / 9.0 + q * z;
  q = 1.0 / 7.0 + q * z;
  q = 1.0 / 5.0 + q * z;
  q = 1.0 / 3.0 + q * z;
  return 2.0 * (r + r * (q * z));
}
fn softplus_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  return max(x, 0.0) + log1p_(exp_(-abs(x)));
}
fn sigmoid_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = exp_(-abs(x));
  return select(t, 1.0, x >= 0.0) / (1.0 + t);
}
fn tanh_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = min(abs(x), 10.0);
  let z = a * a;
  var q = 0.0206390880048275 + z * -0.005704986862838268;
  q = -0.05373971536755562 + q * z;
  q = 0.13331441581249237 + q * z;
  q = -0.3333328068256378 + q * z;
  let large = 1.0 - 2.0 / (exp_(a + a) + 1.0);
  return sign(x) * select(large, a + a * (q * z), a < 0.625);
}
`;

const turns = `
const TWO_PI = 6.2831854820251465; const TWO_PI_LOW = -1.7484556025237907e-7;
fn sin_eighth(r: f32) -> f32 {
  let z = r * r;
  var q = 81.59393695370159 + z * -75.45339632671757;
  q = -41.341673161549636 + q * z;
  return TWO_PI * r + r * (TWO_PI_LOW + q * z);
}
fn cos_eighth(r: f32) -> f32 {
  let z = r * r;
  var q = -85.44374174598141 + z * 59.2459647108317;
  q = 64.93932647182605 + q * z;
  q = -19.739208693656145 + q * z;
  return 1.0 + q * z;
}
/** sin 2π(u + quarters/4), u in [0, 1) */
fn sin_turns(u: f32, quarters: i32) -> f32 {
  let k = round(u * 4.0);
  let r = u - k * 0.25;
  let n = i32(k) + quarters;
  let y = select(sin_eighth(r), cos_eighth(r), (n & 1) == 1);
  return select(y, -y, (n & 2) == 2);
}
`;

/** The functions exp_ and log_. */
export const expLog: string = ln2 + exp + log;
/** And softplus_, sigmoid_ and tanh_. */
export const smoothFunctions: string = expLog + smooth;
/** And sin_turns. */
export const turnFunctions: string = expLog + turns;

/** Philox4x32-10 (src/numeric/philox.ts): the four draws of a block of a stream. */
export const philox: string = `
fn multiply_high(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu);
  let other = (a & 0xffffu) * (b >> 16u);
  let carry = (low >> 16u) + (middle & 0xffffu) + (other & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u) + (carry >> 16u);
}
fn philox(block: u32, seed0: u32, seed1: u32, stream: u32) -> vec4u {
  var c = vec4u(block, 0u, stream, 0u);
  var key = vec2u(seed0, seed1);
  for (var round = 0; round < 10; round++) {
    let high0 = multiply_high(0xd2511f53u, c.x);
    let high1 = multiply_high(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ key.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ key.y, 0xd2511f53u * c.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`;

/**
 * Sums over the threads of a group, in a fixed order. Every thread of the group calls it, once in a shader: Mesa may read a sum
 * again after the next one has taken its place (`sharing` has a place for each).
 */
export const groupSum: string = `
var<workgroup> parts: array<f32, 64>;
fn group_sum(lane: u32, value: f32) -> f32 {
  parts[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { parts[lane] += parts[lane + half]; }
    workgroupBarrier();
  }
  let sum = parts[0];
  workgroupBarrier();
  return sum;
}
`;
