// The optimiser of inner steps: SGD with momentum and weight decay, as in torch.optim.SGD (docs/math.md §2).
import { number, optional } from "../checks/checks.ts";
import { type Checks, checkValues } from "../checks/options.ts";

/** Constants of the inner steps: v ← momentum·v + ∇ℓ + weightDecay·θ, θ ← θ − η·v. Both 0 is the paper's rule. */
export interface InnerOptimizer {
  readonly momentum: number;
  readonly weightDecay: number;
}

export const innerOptimizerChecks: Checks<InnerOptimizer> = {
  momentum: optional(number("a number >= 0 and < 1", (value) => value >= 0 && value < 1)),
  weightDecay: optional(number("a finite number >= 0", (value) => value >= 0 && value < Number.POSITIVE_INFINITY)),
};

/** Throws TypeError or RangeError unless 0 ≤ momentum < 1 and weightDecay is a finite number ≥ 0. Both are 0 by default. */
export function innerOptimizer(
  options: { readonly [key in keyof InnerOptimizer]?: number | undefined },
): InnerOptimizer {
  checkValues(options, innerOptimizerChecks);
  const { momentum = 0, weightDecay = 0 } = options;
  return { momentum, weightDecay };
}
