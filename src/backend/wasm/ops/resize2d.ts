// Resampling to another size as jobs (assembly/rare/resize2d.ts). A tile is a row of what is written.
import type { Ops } from "../../ops.ts";
import type { Resize2dShape } from "../../shapes.ts";
import type { Jobs } from "../jobs.gen.ts";

/** Four products for each float of y. */
const work = (s: Resize2dShape): number => 4 * s.channels * s.outHeight * s.outWidth * s.lanes;

export function resize2dOps(jobs: Jobs): Pick<Ops, "resize2dForward" | "resize2dBackward"> {
  return {
    resize2dForward: (y, x, s) => jobs.resize2dForward({ y, x }, s, { tiles: s.channels * s.outHeight, work: work(s) }),
    resize2dBackward: (dx, dy, s) =>
      jobs.resize2dBackward({ dx, dy }, s, { tiles: s.channels * s.inHeight, work: work(s) }),
  };
}
