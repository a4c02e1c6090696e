// The losses as jobs (assembly/loss.ts).

import type { Ops } from "../../ops.ts";
import type { LossShape } from "../../shapes.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";
import { LOSS_IMAGES } from "../tiles.gen.ts";

/** `cost`: work for each logit. */
const extent = (s: LossShape, cost: number): Extent => ({
  tiles: Math.ceil(s.lanes / LOSS_IMAGES),
  work: cost * s.classes * s.lanes,
});

export function lossOps(
  jobs: Jobs,
): Pick<Ops, "crossEntropy" | "crossEntropyR" | "squaredError" | "squaredErrorR" | "labelMargin"> {
  return {
    crossEntropy: (losses, p, dz, dy, z, y, s) => jobs.crossEntropy({ losses, p, dz, dy, z, y }, s, extent(s, 8)),
    crossEntropyR: (rdz, rdy, p, y, rz, s) => jobs.crossEntropyR({ rdz, rdy, p, y, rz }, s, extent(s, 8)),
    squaredError: (losses, dz, dy, z, y, s) => jobs.squaredError({ losses, dz, dy, z, y }, s, extent(s, 1)),
    squaredErrorR: (rdz, rdy, rz, s) => jobs.squaredErrorR({ rdz, rdy, rz }, s, extent(s, 1)),
    labelMargin: (losses, dy, y, cap, s) => jobs.labelMargin({ losses, dy, y, cap }, s, extent(s, 4)),
  };
}
