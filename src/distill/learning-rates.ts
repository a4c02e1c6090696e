// Learning rates are learned through softplus, η = ln(1 + eʳ), so that they stay positive (docs/math.md §1). A kernel
// computes η once a step; r is computed here once a run, by operations that every engine rounds alike.

/** Returns r with ln(1 + eʳ) = learningRate: r = ln(e^η − 1). Throws RangeError unless 0 < learningRate ≤ 100. */
export function rawLearningRate(learningRate: number): number {
  if (!(learningRate > 0 && learningRate <= 100)) {
    throw new RangeError(`"learningRate" expected a number > 0 and <= 100, got ${learningRate}`);
  }
  return logarithm(expMinusOne(learningRate));
}

/** Returns eˣ − 1 for x > 0, by its series at x/2ᵏ ≤ 1/2 and e^{2x} − 1 = (eˣ − 1)(eˣ − 1 + 2). */
function expMinusOne(x: number): number {
  let halvings = 0;
  for (; x > 0.5; x /= 2) halvings++;
  let term = x;
  let sum = 0;
  for (let n = 2; n < 24; n++) {
    sum += term;
    term *= x / n;
  }
  for (; halvings > 0; halvings--) sum *= sum + 2;
  return sum;
}

/** Returns ln x for x > 0: x = m·2ᵏ with m in [√½, √2), then the series of 2·artanh((m − 1)/(m + 1)). */
function logarithm(x: number): number {
  let k = 0;
  for (; x >= Math.SQRT2; x /= 2) k++;
  for (; x < Math.SQRT1_2; x *= 2) k--;
  const z = (x - 1) / (x + 1);
  let power = z;
  let sum = 0;
  for (let n = 1; n < 40; n += 2) {
    sum += power / n;
    power *= z * z;
  }
  return 2 * sum + k * Math.LN2;
}
