// Adam, reference, as PyTorch computes it (Kingma & Ba 2015, with the corrections moved into step and root):
//   m = β₁·m + (1 − β₁)·g,   v = β₂·v + (1 − β₂)·g²,
//   x = x − (lr / (1 − β₁ᵗ))·m / (√v / √(1 − β₂ᵗ) + eps)

import type { Ops } from "../backend.ts";
import type { Memory } from "./memory.ts";

export function optimizerOps(memory: Memory): Pick<Ops, "adam"> {
  return {
    adam(x, m, v, g, n, { learningRate, beta1, beta2, eps, step }) {
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
  };
}
