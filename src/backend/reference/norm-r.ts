// The tangents of normalisation, reference: the formulas of norm.ts by the product rule, with R{·} the derivative along a
// direction, R{m} = ⟨rx⟩ and R{s} = −s²·⟨x̂·rx⟩.
// docs/math.md §2 has the passes of all layers.
import { none } from "../buffer.ts";
import type { Ops } from "../ops.ts";
import type { Memory } from "./memory.ts";
import { mean, NormOperands, setsOf } from "./norm-sets.ts";

export function normTangentOps(memory: Memory): Pick<Ops, "normForwardR" | "normBackwardR"> {
  return {
    normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, shape) {
      const { channels, groups, area, lanes } = shape;
      const o = new NormOperands(memory, shape);
      const [xOf, rxOf, gamma] = [o.activation(x), o.activation(rx), o.perChannel(weight, 1)];
      const [rGamma, rBeta] = [o.perChannel(rWeight, 0), o.perChannel(rBias, 0)];
      o.clear(ry, channels * area * lanes);
      o.clear(rStatistics, 2 * groups * lanes);
      for (const set of setsOf(shape)) {
        const [m, s] = o.readPair(statistics, set);
        const hat = (i: number) => s * (xOf(i) - m);
        const rm = mean(set, rxOf);
        const meanHatRx = mean(set, (i) => hat(i) * rxOf(i));
        o.writePair(rStatistics, set, [rm, meanHatRx]);
        const rs = -s * s * meanHatRx;
        const rHat = (i: number) => rs * (xOf(i) - m) + s * (rxOf(i) - rm);
        for (const i of set.members) memory.floats[ry + i] = gamma(i) * rHat(i) + rGamma(i) * hat(i) + rBeta(i);
      }
    },

    normBackwardR(rdx, rSums, { rdy, rx, rStatistics, rWeight }, { dy, x, statistics, sums, weight }, shape) {
      const { channels, groups, area, lanes } = shape;
      const o = new NormOperands(memory, shape);
      const [xOf, rxOf, dyOf, rdyOf] = [o.activation(x), o.activation(rx), o.activation(dy), o.activation(rdy)];
      const [gamma, rGamma] = [o.perChannel(weight, 1), o.perChannel(rWeight, 0)];
      o.clear(rdx, channels * area * lanes);
      o.clear(rSums, 2 * (channels + groups) * lanes);
      for (const set of setsOf(shape)) {
        const [m, s] = o.readPair(statistics, set);
        const [rm, meanHatRx] = o.readPair(rStatistics, set);
        const [meanGHat, meanG] = o.readPair(sums + 2 * channels * lanes, set);
        const rs = -s * s * meanHatRx;
        const hat = (i: number) => s * (xOf(i) - m);
        const rHat = (i: number) => rs * (xOf(i) - m) + s * (rxOf(i) - rm);
        const g = (i: number) => gamma(i) * dyOf(i);
        const rg = (i: number) => gamma(i) * rdyOf(i) + rGamma(i) * dyOf(i);
        const rMeanGHat = mean(set, (i) => rg(i) * hat(i) + g(i) * rHat(i));
        const rMeanG = mean(set, rg);
        o.writePair(rSums + 2 * channels * lanes, set, [rMeanGHat, rMeanG]);
        for (const i of set.members) {
          o.addToLane(rSums, i, rdyOf(i) * hat(i) + dyOf(i) * rHat(i));
          o.addToLane(rSums + channels * lanes, i, rdyOf(i));
          if (rdx === none) continue;
          const p = g(i) - meanG - hat(i) * meanGHat;
          const rp = rg(i) - rMeanG - rHat(i) * meanGHat - hat(i) * rMeanGHat;
          memory.floats[rdx + i] = rs * p + s * rp;
        }
      }
    },
  };
}
