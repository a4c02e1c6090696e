// Convolutions as jobs: the direct sum (assembly/conv2d.ts and the two beside it), or with a workspace fewer products
// (assembly/winograd.ts).
import { type Buffer, none, type OptionalBuffer } from "../../buffer.ts";
import type { Ops } from "../../ops.ts";
import type { Conv2dBackwardDataShape, Conv2dShape } from "../../shapes.ts";
import type { Jobs, WinogradShape } from "../jobs.gen.ts";
import { ROWS, WEIGHT_CHANNELS, WEIGHT_TAPS, WINOGRAD_POSITIONS } from "../tiles.gen.ts";
import { type Conv2dSizes, type WinogradBlocks, winogradBlocks } from "../winograd-plan.ts";

type Conv2dOps = Pick<Ops, "conv2dForward" | "conv2dBackwardData" | "conv2dBackwardWeights">;

export function conv2dOps(jobs: Jobs): Conv2dOps {
  return {
    conv2dForward(y, x, w, bias, s, accumulate, workspace) {
      if (workspace !== none) {
        transformed(jobs, { y, x, w, bias, accumulate, turned: false, workspace }, s, 0);
        return;
      }
      const tiles = Math.ceil(s.outChannels / ROWS) * s.outHeight;
      jobs.conv2dForward({ y, x, w, bias, accumulate }, s, { tiles, work: work(s) });
    },
    conv2dBackwardData(dx, dy, w, s, accumulate, workspace) {
      if (workspace !== none) {
        const operands = { y: dx, x: dy, w, bias: none, accumulate, turned: true, workspace };
        transformed(jobs, operands, turnedRound(s), s.kernelHeight - 1 - s.padding);
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

/** What `transformed` takes of a convolution, whose kernel is square. */
type Sizes = Omit<Conv2dShape, "stride">;

// Shapes are written out name by name, because spreading objects costs more than the rest of a small op.

/** The convolution of dy that gives dx. */
function turnedRound(s: Conv2dBackwardDataShape): Sizes {
  return {
    inChannels: s.outChannels,
    inHeight: s.outHeight,
    inWidth: s.outWidth,
    outChannels: s.inChannels,
    outHeight: s.inHeight,
    outWidth: s.inWidth,
    kernelHeight: s.kernelHeight,
    kernelWidth: s.kernelWidth,
    lanes: s.lanes,
  };
}

/** The shape of the jobs, with `padding` zeros around the input. */
function blockShape(s: Sizes, padding: number, { laneBlock, tileBlock }: WinogradBlocks): WinogradShape {
  return {
    inChannels: s.inChannels,
    inHeight: s.inHeight,
    inWidth: s.inWidth,
    outChannels: s.outChannels,
    outHeight: s.outHeight,
    outWidth: s.outWidth,
    kernel: s.kernelHeight,
    padding,
    lanes: s.lanes,
    laneBlock,
    tileBlock,
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
function transformed(jobs: Jobs, operands: ConvolutionOperands, s: Sizes, padding: number): void {
  const { y, x, w, bias, accumulate, turned, workspace: u } = operands;
  const { inChannels, outChannels, kernelHeight: kernel } = s;
  const transform = { tiles: outChannels / ROWS, work: 8 * kernel * kernel * inChannels * outChannels };
  jobs.winogradWeights({ u, w, inChannels, outChannels, kernel, turned }, transform);
  const cut = winogradBlocks(s);
  const shape = blockShape(s, padding, cut);
  jobs.winogradForward({ y, x, u, bias, accumulate }, shape, { tiles: cut.blocks, work: work(s) });
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
  const cut = winogradBlocks(s);
  const { groups } = cut;
  const shape = blockShape(s, 0, cut);
  jobs.winogradBackwardWeights({ du, dy, x, groups }, shape, { tiles: groups, work: work(s) });
  const transform = { tiles: outChannels, work: WINOGRAD_POSITIONS * (groups + 8) * inChannels * outChannels };
  jobs.winogradWeightsBack({ dw, du, inChannels, outChannels, kernel, groups, accumulate }, transform);
}
