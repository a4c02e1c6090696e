// Places and lengths of what normalisation with ReLU and pooling is given (checked.ts).
import type { NormPoolOps, NormPoolPrimal, NormPoolShape } from "./norm-pool-ops.ts";
import type { Checks } from "./room.ts";

const activation = (s: NormPoolShape): number => s.channels * s.area * s.lanes;
const pooled = (s: NormPoolShape): number => activation(s) / 4;
const pairs = (s: NormPoolShape): number => 2 * s.groups * s.lanes;
const sumsOf = (s: NormPoolShape): number => 2 * (s.channels + s.groups) * s.lanes;

export function checkedNormPools(ops: NormPoolOps, { need, may }: Checks): NormPoolOps {
  const needPrimal = (op: string, { x, statistics, weight, bias }: NormPoolPrimal, s: NormPoolShape): void => {
    need(activation(s), `x of ${op}`, x);
    need(pairs(s), `statistics of ${op}`, statistics);
    may(s.channels, `weight, bias of ${op}`, weight, bias);
  };
  return {
    normPoolForward(y, statistics, x, weight, bias, eps, s) {
      need(pooled(s), "y of normPoolForward", y);
      needPrimal("normPoolForward", { x, statistics, weight, bias }, s);
      ops.normPoolForward(y, statistics, x, weight, bias, eps, s);
    },
    normPoolBackward(dx, sums, dy, primal, s) {
      need(activation(s), "dx of normPoolBackward", dx);
      need(sumsOf(s), "sums of normPoolBackward", sums);
      need(pooled(s), "dy of normPoolBackward", dy);
      needPrimal("normPoolBackward", primal, s);
      ops.normPoolBackward(dx, sums, dy, primal, s);
    },
    normPoolForwardR(ry, rStatistics, rz, rx, primal, rWeight, rBias, s) {
      need(pooled(s), "ry of normPoolForwardR", ry);
      need(pairs(s), "rStatistics of normPoolForwardR", rStatistics);
      need(activation(s), "rz, rx of normPoolForwardR", rz, rx);
      needPrimal("normPoolForwardR", primal, s);
      may(s.channels, "rWeight, rBias of normPoolForwardR", rWeight, rBias);
      ops.normPoolForwardR(ry, rStatistics, rz, rx, primal, rWeight, rBias, s);
    },
    normPoolBackwardR(rdx, rSums, dz, tangent, primal, s) {
      const { rdy, rx, rStatistics, rWeight } = tangent;
      need(activation(s), "rdx, dz of normPoolBackwardR", rdx, dz);
      need(sumsOf(s), "rSums, sums of normPoolBackwardR", rSums, primal.sums);
      need(pooled(s), "rdy, dy of normPoolBackwardR", rdy, primal.dy);
      need(activation(s), "rx of normPoolBackwardR", rx);
      need(pairs(s), "rStatistics of normPoolBackwardR", rStatistics);
      may(s.channels, "rWeight of normPoolBackwardR", rWeight);
      needPrimal("normPoolBackwardR", primal, s);
      ops.normPoolBackwardR(rdx, rSums, dz, tangent, primal, s);
    },
  };
}
