// Normalisation, ReLU and average pooling of 2×2 in one, which the kernels have beside the ops of every backend: a network takes them
// where `Planner.normPool` says so. Results are those of the three ops one after the other, bit for bit. The rules of ops.ts hold.
import type { Buffer, OptionalBuffer } from "./buffer.ts";
import type { NormBackwardPrimal, NormBackwardTangent, NormShape } from "./shapes.ts";

/** What is normalised: `area` is an even number of rows of an even `width`. */
export interface NormPoolShape extends NormShape {
  readonly width: number;
}

/** What `normPoolForward` reads and leaves, without which no later pass knows where ReLU passes something on. */
export interface NormPoolPrimal {
  readonly x: Buffer;
  readonly statistics: Buffer;
  readonly weight: OptionalBuffer;
  readonly bias: OptionalBuffer;
}

export interface NormPoolOps {
  /** y [channels, area / 4, B] = the means of windows of max(z, 0), z = γ·x̂ + β; statistics as of normForward */
  normPoolForward(
    y: Buffer,
    statistics: Buffer,
    x: Buffer,
    weight: OptionalBuffer,
    bias: OptionalBuffer,
    eps: number,
    shape: NormPoolShape,
  ): void;
  /** dx and sums: those of normBackward, from dz = dy / 4 where z > 0, else 0; dy [channels, area / 4, B] */
  normPoolBackward(dx: Buffer, sums: Buffer, dy: Buffer, primal: NormPoolPrimal, shape: NormPoolShape): void;
  /**
   * ry [channels, area / 4, B] = the sum of rz / 4 over the values of a window where z > 0, with rz [channels, area, B] and
   * rStatistics those of normForwardR
   */
  normPoolForwardR(
    ry: Buffer,
    rStatistics: Buffer,
    rz: Buffer,
    rx: Buffer,
    primal: NormPoolPrimal,
    rWeight: OptionalBuffer,
    rBias: OptionalBuffer,
    shape: NormPoolShape,
  ): void;
  /** rdx and rSums: the tangents of what `normPoolBackward` gives. `dz` [channels, area, B] receives the gradient of z. */
  normPoolBackwardR(
    rdx: Buffer,
    rSums: Buffer,
    dz: Buffer,
    tangent: NormBackwardTangent,
    primal: NormPoolPrimal & NormBackwardPrimal,
    shape: NormPoolShape,
  ): void;
}

/** The same on a backend that may have none of them: all are there, or none. */
export type OptionalNormPoolOps = { [Name in keyof NormPoolOps]?: NormPoolOps[Name] | undefined };
