// The outer optimisers, reference. t is the step, from 1.
// Adam as PyTorch computes it (Kingma & Ba 2015, with the corrections moved into step and root):
//   m = β₁·m + (1 − β₁)·g,   v = β₂·v + (1 − β₂)·g²,
//   x = x − (lr / (1 − β₁ᵗ))·m / (√v / √(1 − β₂ᵗ) + eps)
// SGD with momentum (Polyak 1964) as optax.sgd and torch.optim.SGD compute it:
//   v = momentum·v + g,   x = x − lr·v
// LAMB (You et al. 2020) as optax.lamb computes it, with Adam's m and v:
//   u = m̂ / (√v̂ + eps) + weightDecay·x,   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ),
//   x = x − lr·‖x‖/‖u‖·u

import { type Ops, type OptionalBuffer, required } from "../backend.ts";
import type { Memory } from "./memory.ts";

export function optimizerOps(memory: Memory): Pick<Ops, "adam" | "sgd" | "adamDirection" | "lambStep"> {
  const stops = (guard: OptionalBuffer): boolean => guard !== undefined && memory.floats[guard] === 0;
  return {
    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }, guard) {
      if (stops(guard)) return;
      const f = memory.floats;
      const rate = learningRate / (1 - beta1 ** step);
      const root = Math.sqrt(1 - beta2 ** step);
      for (let i = 0; i < n; i++) {
        const gradient = f[g + i]!;
        f[m + i] = beta1 * f[m + i]! + (1 - beta1) * gradient;
        f[v + i] = beta2 * f[v + i]! + (1 - beta2) * gradient * gradient;
        f[x + i]! -= (rate * f[m + i]!) / (Math.sqrt(f[v + i]!) / root + eps);
      }
    },

    sgd(x, v, g, n, { learningRate, momentum }, guard) {
      if (stops(guard)) return;
      const f = memory.floats;
      if (momentum === 0) {
        for (let i = 0; i < n; i++) f[x + i]! -= learningRate * f[g + i]!;
        return;
      }
      const at = required(v, "the momentum of SGD");
      for (let i = 0; i < n; i++) {
        f[at + i] = momentum * f[at + i]! + f[g + i]!;
        f[x + i]! -= learningRate * f[at + i]!;
      }
    },

    adamDirection(u, m, v, g, x, n, { beta1, beta2, eps, weightDecay, step }, guard) {
      if (stops(guard)) return;
      const f = memory.floats;
      const correction1 = 1 - beta1 ** step;
      const correction2 = 1 - beta2 ** step;
      for (let i = 0; i < n; i++) {
        const gradient = f[g + i]!;
        f[m + i] = beta1 * f[m + i]! + (1 - beta1) * gradient;
        f[v + i] = beta2 * f[v + i]! + (1 - beta2) * gradient * gradient;
        f[u + i] = f[m + i]! / correction1 / (Math.sqrt(f[v + i]! / correction2) + eps) + weightDecay * f[x + i]!;
      }
    },

    lambStep(x, u, squares, n, learningRate, guard) {
      if (stops(guard)) return;
      const f = memory.floats;
      const ofX = Math.sqrt(f[squares]!);
      const ofU = Math.sqrt(f[squares + 1]!);
      const trust = ofX === 0 || ofU === 0 ? 1 : ofX / ofU;
      for (let i = 0; i < n; i++) f[x + i]! -= learningRate * trust * f[u + i]!;
    },
  };
}
