// Augmentations of images as jobs (assembly/rare/warp2d.ts, recolor.ts, cutout.ts).
import type { Ops } from "../../ops.ts";
import type { ImagesShape } from "../../shapes.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";
import { RECOLOR_LANES, WARP_LANES } from "../tiles.gen.ts";

type AugmentationOps = Pick<Ops, "warp2dForward" | "warp2dBackward" | "recolor" | "cutout">;

const floats = (s: ImagesShape): number => s.channels * s.height * s.width * s.lanes;

/** A place and its four taps are a score of operations, more than those of a channel. */
const warping = (s: ImagesShape): Extent => ({
  tiles: Math.ceil(s.lanes / WARP_LANES),
  work: (1 + 20 / s.channels) * 4 * floats(s),
});

export function augmentationOps(jobs: Jobs): AugmentationOps {
  return {
    warp2dForward: (y, x, matrices, s) => jobs.warp2dForward({ y, x, matrices }, s, warping(s)),
    warp2dBackward: (dx, dy, matrices, s) => jobs.warp2dBackward({ dx, dy, matrices }, s, warping(s)),
    recolor: (y, x, factors, s, shifts) =>
      jobs.recolor({ y, x, factors, shifts }, s, { tiles: Math.ceil(s.lanes / RECOLOR_LANES), work: 3 * floats(s) }),
    cutout: (y, x, boxes, s) => jobs.cutout({ y, x, boxes }, s, { tiles: s.channels * s.height, work: floats(s) }),
  };
}
