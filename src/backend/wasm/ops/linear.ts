// Fully connected layers as jobs (assembly/linear.ts).

import type { Ops } from "../../ops.ts";
import type { LinearShape } from "../../shapes.ts";
import type { Jobs } from "../jobs.gen.ts";
import { LINEAR_SIDE, ROWS } from "../tiles.gen.ts";

const work = (s: LinearShape): number => s.inFeatures * s.outFeatures * s.lanes;

export function linearOps(jobs: Jobs): Pick<Ops, "linearForward" | "linearBackwardData" | "linearBackwardWeights"> {
  return {
    linearForward: (y, x, w, bias, s, accumulate) =>
      jobs.linearForward({ y, x, w, bias, accumulate }, s, { tiles: Math.ceil(s.outFeatures / ROWS), work: work(s) }),
    linearBackwardData: (dx, dy, w, s, accumulate) =>
      jobs.linearBackwardData({ dx, dy, w, accumulate }, s, { tiles: Math.ceil(s.inFeatures / ROWS), work: work(s) }),
    linearBackwardWeights(dw, dy, x, s, accumulate) {
      const tiles = Math.ceil(s.inFeatures / LINEAR_SIDE) * Math.ceil(s.outFeatures / LINEAR_SIDE);
      jobs.linearBackwardWeights({ dw, dy, x, accumulate }, s, { tiles, work: work(s) });
    },
  };
}
