// What moves floats with little or no arithmetic, as jobs (assembly/layout.ts, gather.ts).
import type { Ops } from "../../ops.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";
import { PACK_FEATURES } from "../tiles.gen.ts";

const packing = (s: { features: number; lanes: number }): Extent => ({
  tiles: Math.ceil(s.features / PACK_FEATURES),
  work: s.features * s.lanes,
});

type LayoutOps = "packImages" | "unpackImages" | "embed2d" | "gatherImages" | "scatterImages" | "oneHot";

export function layoutOps(jobs: Jobs): Pick<Ops, LayoutOps> {
  return {
    packImages: (out, x, s) => jobs.packImages({ out, x }, s, packing(s)),
    unpackImages: (out, x, s) => jobs.unpackImages({ out, x }, s, packing(s)),
    embed2d: (out, x, s) =>
      jobs.embed2d({ out, x }, s, { tiles: s.channels, work: s.channels * s.outHeight * s.outWidth * s.lanes }),
    gatherImages: (out, x, columns, s) => jobs.gatherImages({ out, x, columns }, s, packing(s)),
    scatterImages: (out, x, columns, s) => jobs.scatterImages({ out, x, columns }, s, packing(s)),
    oneHot: (out, labels, s) => jobs.oneHot({ out, labels }, s, { tiles: s.classes, work: s.classes * s.lanes }),
  };
}
