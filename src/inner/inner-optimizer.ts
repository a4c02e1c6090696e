// The optimiser of inner steps: SGD with momentum and weight decay, as torch.optim.SGD has them (docs/math.md §2).

import type { Check } from "../checks/checks.ts";
import { type Complete, checksOf, completed, type Filled, filled, type Given, number } from "../checks/declare.ts";
import { checkValues } from "../checks/options.ts";

/** The options of a method whose inner steps are taken so. */
export const innerOptimizerOptions = {
  /** Momentum of the inner steps, as in torch.optim.SGD. Default 0; any other keeps a second trajectory, of velocities. */
  momentum: filled(number({ least: 0, below: 1 }), 0, {
    help: "how much momentum the gradient steps have, as in torch.optim.SGD",
    flag: "--momentum <x>",
  }) as Filled<number>,
  /** Weight decay of the inner steps, as in torch.optim.SGD. Default 0. */
  weightDecay: filled(number({ least: 0 }, "finite number"), 0, {
    help: "how much weight decay the gradient steps have, as in torch.optim.SGD",
    flag: "--weight-decay <x>",
  }) as Filled<number>,
};

/** Constants of the inner steps: v ← momentum·v + ∇ℓ + weightDecay·θ, θ ← θ − η·v. Both 0 is the paper's rule. */
export interface InnerOptimizer extends Complete<typeof innerOptimizerOptions> {}

export const innerOptimizerChecks: { readonly [Name in keyof InnerOptimizer]: Check } = checksOf(innerOptimizerOptions);

/** Throws TypeError or RangeError unless 0 ≤ momentum < 1 and weightDecay is a finite number ≥ 0. What is left out is 0. */
export function innerOptimizer(options: Given<typeof innerOptimizerOptions>): InnerOptimizer {
  checkValues(options, innerOptimizerChecks);
  return completed(innerOptimizerOptions, options);
}
