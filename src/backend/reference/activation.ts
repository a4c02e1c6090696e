// Activations, reference: ReLU with the mask that is its other three rules, and softplus.

import type { Ops } from "../backend.ts";
import type { Memory } from "./memory.ts";

export function activationOps(memory: Memory): Pick<Ops, "reluForward" | "reluMask" | "softplus" | "softplusBackward"> {
  return {
    reluForward(y, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[y + i] = Math.max(f[x + i]!, 0);
    },

    reluMask(out, y, v, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[y + i]! > 0 ? f[v + i]! : 0;
    },

    // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|): the exponent is never positive
    softplus(y, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[y + i] = Math.max(f[x + i]!, 0) + Math.log1p(Math.exp(-Math.abs(f[x + i]!)));
    },

    // sigmoid(x) = 1 / (1 + e^−x); e^−x overflows to Infinity, which gives the right 0
    softplusBackward(dx, x, dy, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[dx + i] = f[dy + i]! / (1 + Math.exp(-f[x + i]!));
    },
  };
}
