// Max and average pooling as jobs (assembly/pool2d.ts, assembly/avg-pool2d.ts). A tile is one channel.

import type { Ops } from "../../ops.ts";
import type { AdaptivePool2dShape, AvgPool2dShape, Pool2dShape } from "../../shapes.ts";
import type { Extent, Jobs } from "../jobs.gen.ts";

type PoolingOps = Pick<
  Ops,
  | "maxPool2dForward"
  | "maxPool2dGather"
  | "maxPool2dScatter"
  | "avgPool2dForward"
  | "avgPool2dBackward"
  | "adaptiveAvgPool2dForward"
  | "adaptiveAvgPool2dBackward"
>;

const windows = (s: Pool2dShape | AvgPool2dShape): Extent => ({
  tiles: s.channels,
  work: s.channels * s.outHeight * s.outWidth * s.kernelHeight * s.kernelWidth * s.lanes,
});

/** Bins cover the input, at least once, and every output has one. */
const bins = (s: AdaptivePool2dShape): Extent => ({
  tiles: s.channels,
  work: s.channels * Math.max(s.inHeight, s.outHeight) * Math.max(s.inWidth, s.outWidth) * s.lanes,
});

export function poolingOps(jobs: Jobs): PoolingOps {
  return {
    maxPool2dForward: (y, index, x, s) => jobs.maxPool2dForward({ y, index, x }, s, windows(s)),
    maxPool2dGather: (ry, index, rx, s) => jobs.maxPool2dGather({ ry, index, rx }, s, windows(s)),
    maxPool2dScatter: (dx, index, dy, s) => jobs.maxPool2dScatter({ dx, index, dy }, s, windows(s)),
    avgPool2dForward: (y, x, s) => jobs.avgPool2dForward({ y, x }, s, windows(s)),
    avgPool2dBackward: (dx, dy, s) => jobs.avgPool2dBackward({ dx, dy }, s, windows(s)),
    adaptiveAvgPool2dForward: (y, x, s) => jobs.adaptiveAvgPool2dForward({ y, x }, s, bins(s)),
    adaptiveAvgPool2dBackward: (dx, dy, s) => jobs.adaptiveAvgPool2dBackward({ dx, dy }, s, bins(s)),
  };
}
