// The convolution ops as jobs: the direct sum (assembly/conv2d.ts), or with a workspace fewer products
// (assembly/winograd.ts).
import {
  type Buffer,
  type Conv2dBackwardDataShape,
  type Conv2dShape,
  none,
  type Ops,
  type OptionalBuffer,
} from "../backend.ts";
import { type Conv2dSizes, winogradBlocks } from "../winograd.ts";
import type { JobWriter } from "./job.ts";

/** Rows of a tile (ROWS in assembly/gemm.ts). */
const ROWS = 4;

type Conv2dOps = Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights">;

/** `id` gives the number of a kernel. */
export function conv2dOps(job: JobWriter, id: (name: string) => number): Conv2dOps {
  const FORWARD = id("conv2dForward");
  const DATA = id("conv2dBackwardData");
  const WEIGHTS = id("conv2dBackwardWeights");
  const TRANSFORM = id("winogradWeights");
  const TRANSFORMED = id("winogradForward");
  const TRANSFORMED_WEIGHTS = id("winogradBackwardWeights");
  const TRANSFORM_BACK = id("winogradWeightsBack");

  const shape = (s: Conv2dShape): JobWriter =>
    job
      .int(s.inChannels)
      .int(s.inHeight)
      .int(s.inWidth)
      .int(s.outChannels)
      .int(s.outHeight)
      .int(s.outWidth)
      .int(s.kernelHeight)
      .int(s.kernelWidth)
      .int(s.stride)
      .int(s.batch);
  const work = (s: Conv2dSizes): number =>
    s.inChannels * s.kernelHeight * s.kernelWidth * s.outChannels * s.outHeight * s.outWidth * s.batch;

  /** A convolution by transformed tiles; `turned` exchanges the channels of w and turns its kernels round. */
  const transformed = (
    y: Buffer,
    x: Buffer,
    w: Buffer,
    bias: OptionalBuffer,
    s: Conv2dSizes & { inHeight: number; inWidth: number; padding: number },
    turned: boolean,
    accumulate: boolean,
    workspace: Buffer,
  ): void => {
    const { inChannels, outChannels, kernelHeight } = s;
    job.start(TRANSFORM).ptr(workspace).ptr(w).int(inChannels).int(outChannels).int(kernelHeight).flag(turned);
    job.run(outChannels / ROWS, 8 * kernelHeight * kernelHeight * inChannels * outChannels);
    const { laneBlock, tileBlock, blocks } = winogradBlocks(s);
    job
      .start(TRANSFORMED)
      .ptr(y)
      .ptr(x)
      .ptr(workspace)
      .optional(bias)
      .int(inChannels)
      .int(s.inHeight)
      .int(s.inWidth)
      .int(outChannels)
      .int(s.outHeight)
      .int(s.outWidth)
      .int(kernelHeight)
      .int(s.padding)
      .int(s.batch)
      .int(laneBlock)
      .int(tileBlock)
      .flag(accumulate)
      .run(blocks, work(s));
  };

  /** The convolution of dy that gives dx. */
  const turnedRound = (s: Conv2dBackwardDataShape) => ({
    ...s,
    inChannels: s.outChannels,
    inHeight: s.outHeight,
    inWidth: s.outWidth,
    outChannels: s.inChannels,
    outHeight: s.inHeight,
    outWidth: s.inWidth,
    padding: s.kernelHeight - 1 - s.padding,
  });

  return {
    conv2dForward(y, x, w, bias, s, accumulate, workspace) {
      if (workspace !== none) {
        transformed(y, x, w, bias, { ...s, padding: 0 }, false, accumulate, workspace);
        return;
      }
      job.start(FORWARD).ptr(y).ptr(x).ptr(w).optional(bias);
      shape(s)
        .flag(accumulate)
        .run(Math.ceil(s.outChannels / ROWS) * s.outHeight, work(s));
    },
    conv2dBackwardData(dx, dy, w, s, accumulate, workspace) {
      if (workspace !== none) {
        transformed(dx, dy, w, none, turnedRound(s), true, accumulate, workspace);
        return;
      }
      job
        .start(DATA)
        .ptr(dx)
        .ptr(dy)
        .ptr(w)
        .int(s.inChannels)
        .int(s.inHeight)
        .int(s.inWidth)
        .int(s.outChannels)
        .int(s.outHeight)
        .int(s.outWidth)
        .int(s.kernelHeight)
        .int(s.kernelWidth)
        .int(s.padding)
        .int(s.batch)
        .flag(accumulate)
        .run(Math.ceil(s.inChannels / ROWS) * s.inHeight, work(s));
    },
    conv2dBackwardWeights(dw, dy, x, s, accumulate, workspace) {
      const { inChannels, outChannels, kernelHeight, kernelWidth } = s;
      if (workspace === none) {
        job.start(WEIGHTS).ptr(dw).ptr(dy).ptr(x);
        const taps = Math.ceil((inChannels * kernelHeight * kernelWidth) / 4);
        shape(s)
          .flag(accumulate)
          .run(Math.ceil(outChannels / 2) * taps, work(s));
        return;
      }
      const { laneBlock, tileBlock, groups } = winogradBlocks(s);
      job
        .start(TRANSFORMED_WEIGHTS)
        .ptr(workspace)
        .ptr(dy)
        .ptr(x)
        .int(inChannels)
        .int(s.inHeight)
        .int(s.inWidth)
        .int(outChannels)
        .int(s.outHeight)
        .int(s.outWidth)
        .int(kernelHeight)
        .int(0)
        .int(s.batch)
        .int(laneBlock)
        .int(tileBlock)
        .int(groups)
        .run(groups, work(s));
      job.start(TRANSFORM_BACK).ptr(dw).ptr(workspace).int(inChannels).int(outChannels).int(kernelHeight).int(groups);
      job.flag(accumulate).run(outChannels, 36 * (groups + 8) * inChannels * outChannels);
    },
  };
}
