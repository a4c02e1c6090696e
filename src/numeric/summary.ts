// Summarises a list of accuracies in three numbers (docs/math.md §5).

/** Two-sided 95 % quantiles of Student's t for 1 … 9 degrees of freedom. */
const QUANTILES = [
  12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516, 2.3060041352,
  2.2621571628,
];
/** The same quantile of the normal distribution. */
const Z = 1.959963984540054;

/** The mean of a sample, and how certain it is. */
export interface Summary {
  readonly mean: number;
  /** The unbiased estimate; 0 for one value. */
  readonly std: number;
  /** Half the width of the 95 % interval of the mean, mean ± t·std/√n, by Student's t; absent for one value. */
  readonly ci95?: number | undefined;
}

/** Summarises one or more values. */
export function summary(values: readonly number[]): Summary {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, std: 0 };
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const std = Math.sqrt(squares / (n - 1));
  return { mean, std, ci95: (studentQuantile(n - 1) * std) / Math.sqrt(n) };
}

/**
 * Returns t with P(|T| ≤ t) = 95 % for `degrees` degrees of freedom: the expansion of Cornish and Fisher (Abramowitz and
 * Stegun, 26.7.5), correct to 1e-5 from 10 degrees on.
 */
export function studentQuantile(degrees: number): number {
  if (degrees <= QUANTILES.length) return QUANTILES[degrees - 1]!;
  const [z, z2, d] = [Z, Z * Z, degrees];
  const g1 = (z * (z2 + 1)) / 4;
  const g2 = (z * ((5 * z2 + 16) * z2 + 3)) / 96;
  const g3 = (z * (((3 * z2 + 19) * z2 + 17) * z2 - 15)) / 384;
  const g4 = (z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945)) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / d) / d) / d) / d;
}
