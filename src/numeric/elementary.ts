// Elementary functions without the host's exp, log, sin and cos, which round differently from one engine to the next.

/** Returns ln x for x > 0, within 2 units in the last place of the larger of |ln x| and 1. */
export function logarithm(x: number): number {
  let exponent = 0;
  let m = x;
  for (; m > Math.SQRT2; m /= 2) exponent++;
  for (; m < Math.SQRT1_2; m *= 2) exponent--;
  // ln m = 2 artanh z, z = (m − 1) / (m + 1), |z| < 0.172: the terms beyond z³⁹ are below 2⁻⁶⁰.
  const z = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 39; k >= 1; k -= 2) sum = sum * z * z + 1 / k;
  return exponent * Math.LN2 + 2 * z * sum;
}

/** Returns eˣ, within 4 units in the last place for |x| ≤ 10. */
export function exponential(x: number): number {
  const exponent = Math.round(x / Math.LN2);
  const r = x - exponent * Math.LN2;
  // |r| < 0.347: the terms beyond r¹⁷ / 17! are below 2⁻⁶⁰.
  let sum = 1;
  for (let k = 17; k >= 1; k--) sum = 1 + (sum * r) / k;
  for (let k = exponent; k > 0; k--) sum *= 2;
  for (let k = exponent; k < 0; k++) sum /= 2;
  return sum;
}

/** Returns the number that lies the share `u` (0..1) of the way from `least` to `most`, on a logarithmic scale. */
export function logUniform(u: number, least: number, most: number): number {
  const start = logarithm(least);
  return exponential(start + u * (logarithm(most) - start));
}

/** Returns sin x for |x| ≤ π, within 2⁻⁵⁰ of it. */
export function sine(x: number): number {
  // The terms beyond x²⁹ / 29! are below 2⁻⁵⁴.
  let sum = 1;
  for (let k = 28; k >= 2; k -= 2) sum = 1 - (x * x * sum) / (k * (k + 1));
  return x * sum;
}

/** Returns cos x for |x| ≤ π, within 2⁻⁵⁰ of it; 1 for 0. */
export function cosine(x: number): number {
  // The terms beyond x³⁰ / 30! are below 2⁻⁵⁷.
  let sum = 1;
  for (let k = 29; k >= 1; k -= 2) sum = 1 - (x * x * sum) / (k * (k + 1));
  return sum;
}
