// Clips the meta-gradient. Now and then a network's few large steps leave it untrained, and then the gradient through them
// is many times longer than before. Adam's second moment remembers one such gradient for a thousand steps.

/**
 * Shortens a gradient that is longer than `clip` times the running mean of those before it: with n the norm and m the
 * mean, which begins as the first n, the gradient is multiplied by f = min(1, clip·m/n), and m ← 0.9·m + 0.1·f·n
 * (Feng, Vedantam, Kempe, *Embarrassingly Simple Dataset Distillation*, 2024, use clip = 2; docs/math.md §1).
 */
export class GradientClip {
  readonly #clip: number;
  #mean = 0;

  constructor(clip: number) {
    this.#clip = clip;
  }

  /** Returns the factor for a gradient of this norm, at most 1. */
  factor(norm: number): number {
    // A mean of 0 would keep every later gradient at 0.
    const mean = this.#mean || norm;
    const factor = norm > this.#clip * mean ? (this.#clip * mean) / norm : 1;
    this.#mean = 0.9 * mean + 0.1 * norm * factor;
    return factor;
  }
}
