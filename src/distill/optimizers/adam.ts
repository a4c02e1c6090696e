// Adam (Kingma, Ba, *Adam: A Method for Stochastic Optimization*, 2015, algorithm 1), as optax.adam and torch.optim.Adam
// compute it:
//   m ← β₁·m + (1 − β₁)·g
//   v ← β₂·v + (1 − β₂)·g²
//   x ← x − η·m̂ / (√v̂ + eps),   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
// docs/math.md §1 says how a run uses it.
import type { Allocator } from "../../backend/arena.ts";
import type { Ops } from "../../backend/ops.ts";
import type { OuterOptimizer } from "./outer-optimizer.ts";

/** The defaults of optax are β 0.9 and 0.999 and eps 1e-8. */
export interface AdamSettings {
  readonly optimizer: "adam";
  /** How much of each moment is kept in a step: numbers >= 0 and < 1. */
  readonly beta1: number;
  readonly beta2: number;
  /** Added to √v̂: a number > 0. */
  readonly eps: number;
}

/** Allocates Adam, whose state is the moments m and v. */
export function allocateAdam(
  { beta1, beta2, eps }: AdamSettings,
  floats: number,
  ops: Ops,
  allocator: Allocator,
): OuterOptimizer {
  const m = allocator.allocate(floats);
  const v = allocator.allocate(floats);
  return {
    state: [
      { name: "m", value: m, floats },
      { name: "v", value: v, floats },
    ],
    start() {
      ops.fill(m, 0, floats);
      ops.fill(v, 0, floats);
    },
    update(value, gradient, learningRate, step, guard) {
      ops.adam(value, m, v, gradient, floats, { learningRate, beta1, beta2, eps, step }, guard);
    },
  };
}
