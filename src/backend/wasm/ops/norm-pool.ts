// Normalisation with ReLU and pooling as jobs (assembly/norm-pool.ts; the tangents between the layers are assembly/norm-r.ts's).
import type { NormPoolOps, NormPoolShape } from "../../norm-pool-ops.ts";
import type { Jobs } from "../jobs.gen.ts";
import { sets } from "./norm.ts";

export function normPoolOps(jobs: Jobs): NormPoolOps {
  /** `width` is a field of the jobs, which share their shape with those of normalisation. */
  const ofWidth = ({ width }: NormPoolShape) => ({ width });
  return {
    normPoolForward: (y, statistics, x, weight, bias, eps, s) =>
      jobs.normPoolForward({ y, statistics, x, weight, bias, eps, ...ofWidth(s) }, s, sets(s, 4)),
    normPoolBackward: (dx, sums, dy, primal, s) =>
      jobs.normPoolBackward({ dx, sums, dy, ...primal, ...ofWidth(s) }, s, sets(s, 7)),
    normPoolForwardR(ry, rStatistics, rz, rx, primal, rWeight, rBias, s) {
      const { x, statistics, weight } = primal;
      jobs.normForwardR({ ry: rz, rStatistics, rx, x, statistics, weight, rWeight, rBias }, s, sets(s, 5));
      jobs.normPoolGather({ ry, rz, ...primal, ...ofWidth(s) }, s, sets(s, 2));
    },
    normPoolBackwardR(rdx, rSums, dz, tangent, primal, s) {
      const { dy, x, statistics, weight, bias, sums } = primal;
      const layer = { x, statistics, weight, bias, ...ofWidth(s) };
      jobs.normPoolSpread({ dz: rdx, dy: tangent.rdy, ...layer }, s, sets(s, 2));
      jobs.normPoolSpread({ dz, dy, ...layer }, s, sets(s, 2));
      // The tangent of dz lies where that of dx will: each value is read before its place is written.
      const moving = { ...tangent, rdy: rdx };
      jobs.normBackwardR({ rdx, rSums, ...moving, dy: dz, x, statistics, sums, weight }, s, sets(s, 9));
    },
  };
}
