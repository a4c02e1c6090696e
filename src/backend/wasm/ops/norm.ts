// Normalisation as jobs (assembly/norm.ts, assembly/norm-r.ts).

import type { Ops } from "../../ops.ts";
import type { NormShape } from "../../shapes.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";
import { NORM_LANES } from "../tiles.gen.ts";

/** `passes`: how often a kernel goes over an activation. */
export function sets(s: NormShape, passes: number): Extent {
  const tiles = s.groups * (s.acrossImages ? 1 : Math.ceil(s.lanes / NORM_LANES));
  return { tiles, work: passes * s.channels * s.area * s.lanes };
}

export function normOps(jobs: Jobs): Pick<Ops, "normForward" | "normBackward" | "normForwardR" | "normBackwardR"> {
  return {
    normForward: (y, statistics, x, weight, bias, eps, s) =>
      jobs.normForward({ y, statistics, x, weight, bias, eps }, s, sets(s, 4)),
    normBackward: (dx, sums, dy, x, statistics, weight, s) =>
      jobs.normBackward({ dx, sums, dy, x, statistics, weight }, s, sets(s, 5)),
    normForwardR: (ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, s) =>
      jobs.normForwardR({ ry, rStatistics, rx, x, statistics, weight, rWeight, rBias }, s, sets(s, 5)),
    normBackwardR: (rdx, rSums, tangent, primal, s) =>
      jobs.normBackwardR({ rdx, rSums, ...tangent, ...primal }, s, sets(s, 9)),
  };
}
