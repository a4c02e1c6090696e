// The way back through a step of Adam, reference (docs/math.md §10). t is the step, from 1; m' and s' are the moments after it.
//   c₁ = 1 − β₁ᵗ,   c₂ = 1 − β₂ᵗ,   r = √(s'/c₂),   d = r + eps,   u = m'/(c₁·d),   θ' = θ − η·u
//   a = dm − η·p/(c₁·d),   b = ds + η·p·u/(2·c₂·r·d), or ds where r = 0
//   q = (1 − β₁)·a + 2·(1 − β₂)·g·b,   dm = β₁·a,   ds = β₂·b

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";

export function adamAdjointOps(memory: Memory): Pick<Ops, "adamAdjoint"> {
  return {
    adamAdjoint(q, u, dm, ds, p, m, s, g, rate, n, { beta1, beta2, eps, step }) {
      const f = memory.floats;
      const [c1, c2] = [1 - beta1 ** step, 1 - beta2 ** step];
      const eta = f[rate]!;
      for (let i = 0; i < n; i++) {
        const gradient = f[g + i]!;
        const first = beta1 * f[m + i]! + (1 - beta1) * gradient;
        const second = beta2 * f[s + i]! + (1 - beta2) * gradient * gradient;
        const r = Math.sqrt(second / c2);
        const d = r + eps;
        const direction = first / (c1 * d);
        const a = f[dm + i]! - (eta * f[p + i]!) / (c1 * d);
        const b = f[ds + i]! + (r > 0 ? (eta * f[p + i]! * direction) / (2 * c2 * r * d) : 0);
        if (u !== none) f[u + i] = direction;
        f[q + i] = (1 - beta1) * a + 2 * (1 - beta2) * gradient * b;
        f[dm + i] = beta1 * a;
        f[ds + i] = beta2 * b;
      }
    },
  };
}
