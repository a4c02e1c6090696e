// Resampling to another size as jobs (assembly/upsample2d.ts). A tile is a row of what is written.
import type { Ops } from "../../ops.ts";
import type { Upsample2dShape } from "../../shapes.ts";
import type { Jobs } from "../jobs.gen.ts";

/** Four products for each float of y. */
const work = (s: Upsample2dShape): number => 4 * s.channels * s.outHeight * s.outWidth * s.lanes;

export function upsample2dOps(jobs: Jobs): Pick<Ops, "upsample2dForward" | "upsample2dBackward"> {
  return {
    upsample2dForward: (y, x, s) =>
      jobs.upsample2dForward({ y, x }, s, { tiles: s.channels * s.outHeight, work: work(s) }),
    upsample2dBackward: (dx, dy, s) =>
      jobs.upsample2dBackward({ dx, dy }, s, { tiles: s.channels * s.inHeight, work: work(s) }),
  };
}
