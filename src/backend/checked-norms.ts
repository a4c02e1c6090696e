// Places and lengths of what the two normalisations are given (checked.ts).
import { none } from "./buffer.ts";
import type { Ops } from "./ops.ts";
import type { Checks } from "./room.ts";
import type { LocalResponseNormShape, NormShape } from "./shapes.ts";

type NormOps =
  | "normForward"
  | "normBackward"
  | "normForwardR"
  | "normBackwardR"
  | "localResponseNormForward"
  | "localResponseNormBackward"
  | "localResponseNormForwardR"
  | "localResponseNormBackwardR";

const activation = (s: NormShape | LocalResponseNormShape): number => s.channels * s.area * s.lanes;
const pairs = (s: NormShape): number => 2 * s.groups * s.lanes;
const sumsOf = (s: NormShape): number => 2 * (s.channels + s.groups) * s.lanes;

export function checkedNorms(ops: Ops, { need, may }: Checks): Pick<Ops, NormOps> {
  return {
    normForward(y, statistics, x, weight, bias, eps, s) {
      need(activation(s), "y, x of normForward", y, x);
      need(pairs(s), "statistics of normForward", statistics);
      may(s.channels, "weight, bias of normForward", weight, bias);
      ops.normForward(y, statistics, x, weight, bias, eps, s);
    },
    normBackward(dx, sums, dy, x, statistics, weight, s) {
      may(activation(s), "dx of normBackward", dx);
      need(activation(s), "dy, x of normBackward", dy, x);
      need(sumsOf(s), "sums of normBackward", sums);
      need(pairs(s), "statistics of normBackward", statistics);
      may(s.channels, "weight of normBackward", weight);
      ops.normBackward(dx, sums, dy, x, statistics, weight, s);
    },
    normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, s) {
      need(activation(s), "ry, x of normForwardR", ry, x);
      may(activation(s), "rx of normForwardR", rx);
      (rx === none ? may : need)(pairs(s), "rStatistics of normForwardR", rStatistics);
      need(pairs(s), "statistics of normForwardR", statistics);
      may(s.channels, "weight, rWeight, rBias of normForwardR", weight, rWeight, rBias);
      ops.normForwardR(ry, rStatistics, rx, x, statistics, weight, rWeight, rBias, s);
    },
    normBackwardR(rdx, rSums, tangent, primal, s) {
      const { rdy, rx, rStatistics, rWeight } = tangent;
      const { dy, x, statistics, sums, weight } = primal;
      may(activation(s), "rdx, rx of normBackwardR", rdx, rx);
      need(activation(s), "rdy, dy, x of normBackwardR", rdy, dy, x);
      need(sumsOf(s), "rSums, sums of normBackwardR", rSums, sums);
      (rx === none ? may : need)(pairs(s), "rStatistics of normBackwardR", rStatistics);
      need(pairs(s), "statistics of normBackwardR", statistics);
      may(s.channels, "weight, rWeight of normBackwardR", weight, rWeight);
      ops.normBackwardR(rdx, rSums, tangent, primal, s);
    },
    localResponseNormForward(y, s, x, shape) {
      need(activation(shape), "y, s, x of localResponseNormForward", y, s, x);
      ops.localResponseNormForward(y, s, x, shape);
    },
    localResponseNormBackward(dx, workspace, dy, x, s, shape) {
      need(activation(shape), "dx, workspace, dy, x, s of localResponseNormBackward", dx, workspace, dy, x, s);
      ops.localResponseNormBackward(dx, workspace, dy, x, s, shape);
    },
    localResponseNormForwardR(ry, rs, rx, x, s, shape) {
      need(activation(shape), "ry, rs, rx, x, s of localResponseNormForwardR", ry, rs, rx, x, s);
      ops.localResponseNormForwardR(ry, rs, rx, x, s, shape);
    },
    localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, s, rs, shape) {
      const names = "rdx, rdy, dy, rx, x, s, rs of localResponseNormBackwardR";
      need(activation(shape), names, rdx, rdy, dy, rx, x, s, rs);
      need(2 * activation(shape), "workspace of localResponseNormBackwardR", workspace);
      ops.localResponseNormBackwardR(rdx, workspace, rdy, dy, rx, x, s, rs, shape);
    },
  };
}
