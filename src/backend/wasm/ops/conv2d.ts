// Convolutions as jobs: the direct sum (assembly/conv2d.ts and the two beside it), or with a workspace fewer products
// (assembly/winograd.ts).
import { type Buffer, none, type OptionalBuffer } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Conv2dBackwardDataShape, Conv2dShape } from "../../shapes.ts";
import type { Jobs, WinogradShape } from "../jobs.gen.ts";
import { ROWS, WEIGHT_CHANNELS, WEIGHT_TAPS, WINOGRAD_POSITIONS } from "../tiles.gen.ts";
import { type Conv2dSizes, winogradBlocks } from "../winograd-plan.ts";

type Conv2dOps = Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights">;

export function conv2dOps(jobs: Jobs): Conv2dOps {
  return {
    conv2dForward(y, x, w, bias, s, accumulate, workspace) {
      if (workspace !== none) {
        const sizes = { ...s, kernel: s.kernelHeight, padding: 0 };
        transformed(jobs, { y, x, w, bias, accumulate, turned: false, workspace }, sizes);
        return;
      }
      const tiles = Math.ceil(s.outChannels / ROWS) * s.outHeight;
      jobs.conv2dForward({ y, x, w, bias, accumulate }, s, { tiles, work: work(s) });
    },
    conv2dBackwardData(dx, dy, w, s, accumulate, workspace) {
      if (workspace !== none) {
        const operands = { y: dx, x: dy, w, bias: none, accumulate, turned: true, workspace };
        transformed(jobs, operands, turnedRound(s));
        return;
      }
      const tiles = Math.ceil(s.inChannels / ROWS) * s.inHeight;
      jobs.conv2dBackwardData({ dx, dy, w, accumulate }, s, { tiles, work: work(s) });
    },
    conv2dBackwardWeights(dw, dy, x, s, accumulate, workspace) {
      if (workspace !== none) {
        transformedWeights(jobs, { dw, dy, x, accumulate, workspace }, s);
        return;
      }
      const taps = s.inChannels * s.kernelHeight * s.kernelWidth;
      const tiles = Math.ceil(s.outChannels / WEIGHT_CHANNELS) * Math.ceil(taps / WEIGHT_TAPS);
      jobs.conv2dBackwardWeights({ dw, dy, x, accumulate }, s, { tiles, work: work(s) });
    },
  };
}

/** Multiply-adds of the direct sum. */
function work(s: Conv2dSizes): number {
  return s.inChannels * s.kernelHeight * s.kernelWidth * s.outChannels * s.outHeight * s.outWidth * s.lanes;
}

/** A convolution with a square kernel, and how its tiles are cut into blocks. */
type TransformedSizes = Conv2dSizes & Omit<WinogradShape, "laneBlock" | "tileBlock">;

/** The convolution of dy that gives dx. */
function turnedRound(s: Conv2dBackwardDataShape): TransformedSizes {
  return {
    ...s,
    kernel: s.kernelHeight,
    inChannels: s.outChannels,
    inHeight: s.outHeight,
    inWidth: s.outWidth,
    outChannels: s.inChannels,
    outHeight: s.inHeight,
    outWidth: s.inWidth,
    padding: s.kernelHeight - 1 - s.padding,
  };
}

interface ConvolutionOperands {
  readonly y: Buffer;
  readonly x: Buffer;
  readonly w: Buffer;
  readonly bias: OptionalBuffer;
  readonly accumulate: boolean;
  /** Exchanges the channels of w and turns its kernels round. */
  readonly turned: boolean;
  readonly workspace: Buffer;
}

/** A convolution by transformed tiles. */
function transformed(jobs: Jobs, operands: ConvolutionOperands, s: TransformedSizes): void {
  const { y, x, w, bias, accumulate, turned, workspace: u } = operands;
  const { inChannels, outChannels, kernel } = s;
  const transform = { tiles: outChannels / ROWS, work: 8 * kernel * kernel * inChannels * outChannels };
  jobs.winogradWeights({ u, w, inChannels, outChannels, kernel, turned }, transform);
  const { laneBlock, tileBlock, blocks } = winogradBlocks(s);
  jobs.winogradForward({ y, x, u, bias, accumulate }, { ...s, laneBlock, tileBlock }, { tiles: blocks, work: work(s) });
}

interface WeightOperands {
  readonly dw: Buffer;
  readonly dy: Buffer;
  readonly x: Buffer;
  readonly accumulate: boolean;
  readonly workspace: Buffer;
}

/** The gradient of the weights by transformed tiles. */
function transformedWeights(jobs: Jobs, operands: WeightOperands, s: Conv2dShape): void {
  const { dw, dy, x, accumulate, workspace: du } = operands;
  const { inChannels, outChannels, kernelHeight: kernel } = s;
  const { laneBlock, tileBlock, groups } = winogradBlocks(s);
  const shape = { ...s, kernel, padding: 0, laneBlock, tileBlock };
  jobs.winogradBackwardWeights({ du, dy, x, groups }, shape, { tiles: groups, work: work(s) });
  const transform = { tiles: outChannels, work: WINOGRAD_POSITIONS * (groups + 8) * inChannels * outChannels };
  jobs.winogradWeightsBack({ dw, du, inChannels, outChannels, kernel, groups, accumulate }, transform);
}
