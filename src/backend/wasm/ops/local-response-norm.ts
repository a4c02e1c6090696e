// Local response normalisation as jobs (assembly/rare/local-response-norm.ts).

import type { Ops } from "../../ops.ts";
import type { LocalResponseNormShape } from "../../shapes.ts";
import type { Extent, Jobs, ResponseShape } from "../jobs.gen.ts";
import { RESPONSE_FLOATS } from "../tiles.gen.ts";

type ResponseOps = Pick<
  Ops,
  "localResponseNormForward" | "localResponseNormBackward" | "localResponseNormForwardR" | "localResponseNormBackwardR"
>;

const shapeOf = ({ channels, area, lanes, size, alpha, beta }: LocalResponseNormShape): ResponseShape => ({
  channels,
  plane: area * lanes,
  size,
  alpha: alpha / size,
  beta,
});

const extent = (s: LocalResponseNormShape, passes: number): Extent => ({
  tiles: Math.ceil((s.area * s.lanes) / RESPONSE_FLOATS),
  work: passes * (s.size + 8) * s.channels * s.area * s.lanes,
});

export function localResponseNormOps(jobs: Jobs): ResponseOps {
  return {
    localResponseNormForward: (y, s, x, shape) =>
      jobs.localResponseNormForward({ y, s, x, k: shape.k }, shapeOf(shape), extent(shape, 1)),
    localResponseNormBackward: (dx, workspace, dy, x, s, shape) =>
      jobs.localResponseNormBackward({ dx, workspace, dy, x, s }, shapeOf(shape), extent(shape, 1)),
    localResponseNormForwardR: (ry, rs, rx, x, s, shape) =>
      jobs.localResponseNormForwardR({ ry, rs, rx, x, s }, shapeOf(shape), extent(shape, 1)),
    localResponseNormBackwardR: (rdx, workspace, rdy, dy, rx, x, s, rs, shape) =>
      jobs.localResponseNormBackwardR({ rdx, workspace, rdy, dy, rx, x, s, rs }, shapeOf(shape), extent(shape, 2)),
  };
}
