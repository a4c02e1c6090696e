// How good networks are: accuracies, and what they come to.

/** Test accuracies, each from 0 to 1. */
export interface Evaluation {
  readonly networks: number;
  readonly mean: number;
  /** Unbiased; 0 for one network. */
  readonly std: number;
  readonly accuracies: readonly number[];
  /** Present where the networks were trained with relaxed SIMD: another machine may measure otherwise. */
  readonly simd?: "relaxed";
}

export function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, std: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
