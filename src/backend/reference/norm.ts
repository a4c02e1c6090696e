// Normalisation over sets, reference. x [channels, area, B]; a set is a group of channels over all positions, of one
// image or of all real ones. ⟨·⟩ is the mean over a float's set.
//   m = ⟨x⟩, s = 1/√(⟨(x − m)²⟩ + ε), x̂ = s·(x − m), y = γ·x̂ + β
//   dx = s·(g − ⟨g⟩ − x̂·⟨g·x̂⟩), g = γ·dy
// Padding lanes are zero in every output.
// docs/math.md §2 has the passes of all layers.

import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";
import { mean, NormOperands, setsOf } from "./norm-sets.ts";

export function normOps(memory: Memory): Pick<Ops, "normForward" | "normBackward"> {
  return {
    normForward(y, statistics, x, weight, bias, eps, shape) {
      const { channels, groups, area, lanes } = shape;
      const o = new NormOperands(memory, shape);
      const [xOf, gamma, beta] = [o.activation(x), o.perChannel(weight, 1), o.perChannel(bias, 0)];
      o.clear(y, channels * area * lanes);
      o.clear(statistics, 2 * groups * lanes);
      for (const set of setsOf(shape)) {
        const m = mean(set, xOf);
        const variance = mean(set, (i) => (xOf(i) - m) ** 2);
        const s = 1 / Math.sqrt(variance + eps);
        o.writePair(statistics, set, [m, s]);
        for (const i of set.members) memory.floats[y + i] = gamma(i) * s * (xOf(i) - m) + beta(i);
      }
    },

    normBackward(dx, sums, dy, x, statistics, weight, shape) {
      const { channels, groups, area, lanes } = shape;
      const o = new NormOperands(memory, shape);
      const [xOf, dyOf, gamma] = [o.activation(x), o.activation(dy), o.perChannel(weight, 1)];
      o.clear(dx, channels * area * lanes);
      o.clear(sums, 2 * (channels + groups) * lanes);
      for (const set of setsOf(shape)) {
        const [m, s] = o.readPair(statistics, set);
        const hat = (i: number) => s * (xOf(i) - m);
        const g = (i: number) => gamma(i) * dyOf(i);
        const meanGHat = mean(set, (i) => g(i) * hat(i));
        const meanG = mean(set, g);
        o.writePair(sums + 2 * channels * lanes, set, [meanGHat, meanG]);
        for (const i of set.members) {
          o.addToLane(sums, i, dyOf(i) * hat(i));
          o.addToLane(sums + channels * lanes, i, dyOf(i));
          if (dx !== none) memory.floats[dx + i] = s * (g(i) - meanG - hat(i) * meanGHat);
        }
      }
    },
  };
}
