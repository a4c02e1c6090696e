// Activations, reference: ReLU with the mask that is its other three rules, leaky ReLU, and the smooth ones.

import type { Ops } from "../ops.ts";
import type { Activation } from "../shapes.ts";
import type { Memory } from "./memory.ts";

interface Rules {
  /** f(x) */
  readonly value: (x: number) => number;
  /** f′ as a function of p, and its derivative df′/dp */
  readonly slope: (p: number) => number;
  readonly bend: (p: number) => number;
}

/** e^−x overflows to Infinity, which gives the right 0 */
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const rules: Readonly<Record<Activation, Rules>> = {
  // f′ = 1 − tanh², p = y
  tanh: { value: Math.tanh, slope: (y) => (1 - y) * (1 + y), bend: (y) => -2 * y },
  // f′ = sigmoid·(1 − sigmoid), p = y
  sigmoid: { value: sigmoid, slope: (y) => y * (1 - y), bend: (y) => 1 - 2 * y },
  // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|): the exponent is never positive. f′ = sigmoid, p = x
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
    bend: (x) => sigmoid(x) * sigmoid(-x),
  },
};

export function activationOps(
  memory: Memory,
): Pick<
  Ops,
  "reluForward" | "reluMask" | "leakyRelu" | "activationForward" | "activationBackward" | "activationBackwardR"
> {
  return {
    reluForward(y, x, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[y + i] = Math.max(f[x + i]!, 0);
    },

    reluMask(out, y, v, n) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[y + i]! > 0 ? f[v + i]! : 0;
    },

    leakyRelu(out, s, v, n, slope) {
      const f = memory.floats;
      for (let i = 0; i < n; i++) f[out + i] = f[s + i]! > 0 ? f[v + i]! : slope * f[v + i]!;
    },

    activationForward(y, x, n, name) {
      const f = memory.floats;
      const { value } = rules[name];
      for (let i = 0; i < n; i++) f[y + i] = value(f[x + i]!);
    },

    activationBackward(dx, p, dy, n, name) {
      const f = memory.floats;
      const { slope } = rules[name];
      for (let i = 0; i < n; i++) f[dx + i] = slope(f[p + i]!) * f[dy + i]!;
    },

    activationBackwardR(rdx, p, rp, dy, rdy, n, name) {
      const f = memory.floats;
      const { slope, bend } = rules[name];
      for (let i = 0; i < n; i++) {
        f[rdx + i] = slope(f[p + i]!) * f[rdy + i]! + bend(f[p + i]!) * f[rp + i]! * f[dy + i]!;
      }
    },
  };
}
