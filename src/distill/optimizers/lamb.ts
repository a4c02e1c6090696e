// LAMB (You et al., *Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes*, 2020, algorithm 2), as
// optax.lamb computes it: scale_by_adam, add_decayed_weights, scale_by_trust_ratio, then the learning rate:
//   m ← β₁·m + (1 − β₁)·g
//   v ← β₂·v + (1 − β₂)·g²
//   u = m̂ / (√v̂ + eps) + weightDecay·x,   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
//   x ← x − η·trust·u,   trust = ‖x‖/‖u‖, or 1 if either norm is 0
// The norms are those of the whole tensor, so the length of a step is η times that of the tensor, however long the gradient is.
import type { Allocator } from "../../backend/arena.ts";
import type { Ops } from "../../backend/ops.ts";
import type { OuterOptimizer } from "./outer-optimizer.ts";

/** The defaults of optax are β 0.9 and 0.999, eps 1e-6 and no weight decay. */
export interface LambSettings {
  readonly optimizer: "lamb";
  /** How much of each moment is kept in a step: numbers >= 0 and < 1. */
  readonly beta1: number;
  readonly beta2: number;
  /** Added to √v̂: a number > 0. */
  readonly eps: number;
  /** A number >= 0. */
  readonly weightDecay: number;
}

/** Allocates LAMB, whose state is the moments m and v. */
export function allocateLamb(
  { beta1, beta2, eps, weightDecay }: LambSettings,
  floats: number,
  ops: Ops,
  allocator: Allocator,
): OuterOptimizer {
  const m = allocator.allocate(floats);
  const v = allocator.allocate(floats);
  const u = allocator.allocate(floats);
  /** ‖x‖² and ‖u‖². */
  const squares = allocator.allocate(2);
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
      ops.adamDirection(u, m, v, gradient, value, floats, { beta1, beta2, eps, weightDecay, step }, guard);
      ops.dot(squares, value, value, floats);
      ops.dot(squares + 1, u, u, floats);
      ops.lambStep(value, u, squares, floats, learningRate, guard);
    },
  };
}
