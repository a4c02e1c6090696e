// Computes ln, sin and cos as the kernels' normal draws do: in float32, each operation rounded once, with the same polynomials
// (assembly/math.ts). So a draw made here has the bits of a draw made there.

const f32 = Math.fround;

const floatOf = new Float32Array(1);
const bitsOf = new Int32Array(floatOf.buffer);

/** ln 2 in two parts. */
const ln2High = f32(0.6931381225585938);
const ln2Low = f32(9.058001523953862e-6);
/** 2π in two parts. */
const twoPi = f32(6.2831854820251465);
const twoPiLow = f32(-1.7484556025237907e-7);
/** The bits of 1 and of √½. */
const one = 0x3f800000;
const rootHalf = 0x3f3504f3;

/** Returns c + a·b, each step rounded. */
function horner(c: number, a: number, b: number): number {
  return f32(f32(c) + f32(a * b));
}

/** Returns ln x for a float32 number in (0, 1] that is not denormal (`logPs` in assembly/math.ts). */
export function logFloat32(x: number): number {
  floatOf[0] = x;
  const shifted = (bitsOf[0]! + (one - rootHalf)) | 0;
  const k = (shifted >>> 23) - 127;
  bitsOf[0] = (shifted & 0x7fffff) + rootHalf;
  const f = f32(floatOf[0] - 1);
  const s = f32(f / f32(f + 2));
  const z = f32(s * s);
  const q = f32(z * horner(0.6666677671707789, horner(0.3997749557723895, z, f32(0.29873073315665716)), z));
  const half = f32(0.5 * f32(f * f));
  const low = horner(f32(k * ln2Low), s, f32(half + q));
  return f32(f32(k * ln2High) - f32(f32(half - low) - f));
}

/** Returns sin 2πr for |r| ≤ ⅛. */
function sinEighth(r: number): number {
  const z = f32(r * r);
  const q = horner(-41.341673161549636, horner(81.59393695370159, z, f32(-75.45339632671757)), z);
  return f32(f32(twoPi * r) + f32(r * horner(twoPiLow, q, z)));
}

/** Returns cos 2πr for |r| ≤ ⅛. */
function cosEighth(r: number): number {
  const z = f32(r * r);
  const q = horner(64.93932647182605, horner(-85.44374174598141, z, f32(59.2459647108317)), z);
  return horner(1, horner(-19.739208693656145, q, z), z);
}

/** Returns sin 2π(turn / 2²⁴ + quarters / 4) for whole numbers, 0 ≤ turn < 2²⁴ (`sin2PiPs` and `cos2PiPs` in assembly/math.ts). */
export function sinOfTurn(turn: number, quarters: number): number {
  // This is the nearest quarter, and the even one where two are equally near.
  const nearest = (turn + 0x1fffff + ((turn >>> 22) & 1)) >>> 22;
  const r = (turn - nearest * 0x400000) / 0x1000000;
  const quarter = nearest + quarters;
  const value = quarter & 1 ? cosEighth(r) : sinEighth(r);
  return quarter & 2 ? -value : value;
}
