// Normalisation: y = γ·x̂ + β, x̂ = (x − mean) / √(variance + eps) over sets of floats. Instance, group and batch norm
// differ only in what a set is; assembly/norm.ts has the four passes' formulas.
// docs/math.md §2 has the passes of all layers.
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { NormShape } from "../backend/shapes.ts";
import { flag, number, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { ShapeError } from "../errors.ts";
import {
  type BoundLayer,
  type GradientTape,
  type ImageShape,
  type Layer,
  type LayerContext,
  type LayerTape,
  type MovingTangent,
  type ParameterSpec,
  sizeFrom,
} from "./layer.ts";

/** Options of {@link instanceNorm2d} and {@link batchNorm2d}. */
export interface NormOptions {
  /** Whether each channel has a weight γ [c], initially 1, and a bias β [c], initially 0. Default true. */
  affine?: boolean | undefined;
  /** Added to the variance. Default 1e-5. */
  eps?: number | undefined;
}

const normChecks: Checks<NormOptions> = {
  affine: optional(flag),
  eps: optional(number("number > 0", (eps) => eps > 0 && Number.isFinite(eps))),
};

/** Options of {@link groupNorm}. */
export interface GroupNormOptions extends NormOptions {
  /** The number of sets into which the channels are cut; it must divide their number. */
  groups: number;
}

const groupNormChecks: Checks<GroupNormOptions> = /* @__PURE__ */ (() => ({ ...normChecks, groups: sizeFrom(1) }))();

/**
 * Instance normalisation (`nn.InstanceNorm2d`; Ulyanov et al. 2016): normalises each channel of each image by its own mean
 * and variance over height and width, [c, h, w] → [c, h, w]. Unlike PyTorch's it is affine by default, as distillation
 * papers use it.
 *
 * @throws RangeError unless eps is a number above 0; `sequential` throws ShapeError for 1 × 1 maps, which have no variance.
 * @example
 * sequential([3, 8, 8], [conv2d({ out: 16, kernel: 3 }), instanceNorm2d(), relu(), flatten(), linear({ out: 10 })])
 */
export function instanceNorm2d(options: NormOptions = {}): Layer {
  checkOptions(options, normChecks);
  const { affine = true, eps = 1e-5 } = options;
  return norm("instanceNorm2d", { affine, eps }, ([channels]) => channels);
}

/**
 * Group normalisation (`nn.GroupNorm`; Wu and He 2018): cuts the channels of each image into `groups` of neighbours and
 * normalises each group by its own mean and variance, [c, h, w] → [c, h, w]. With as many groups as channels it is instance
 * normalisation, with one it is layer normalisation over c, h and w with a weight and bias per channel.
 *
 * @throws RangeError unless groups is a whole number ≥ 1 and eps a number above 0; `sequential` throws ShapeError if
 * groups does not divide the channels, or if a group is a single float and has no variance.
 * @example
 * sequential([3, 8, 8], [conv2d({ out: 16, kernel: 3 }), groupNorm({ groups: 4 }), relu(), flatten(), linear({ out: 10 })])
 */
export function groupNorm(options: GroupNormOptions): Layer {
  checkOptions(options, groupNormChecks);
  const { groups, affine = true, eps = 1e-5 } = options;
  return norm("groupNorm", { groups, affine, eps }, ([channels]) => {
    if (channels % groups !== 0) throw new ShapeError(`expected channels in ${groups} equal groups, got ${channels}`);
    return groups;
  });
}

/**
 * Batch normalisation with the statistics of the batch (`nn.BatchNorm2d` with `track_running_stats=False`; Ioffe and
 * Szegedy 2015): normalises each channel by its mean and variance over all images of the batch, height and width,
 * [c, h, w] → [c, h, w]. There are no running statistics: training and evaluation both use those of the current batch.
 * A network's answer for an image therefore depends on the other images of the call: `evaluate` normalises by the whole
 * test set, `predict` by the images it is given, and a single image by itself. A batch of real images is not cut into
 * chunks that fit the cache, so memory grows with it.
 *
 * A batch of one image with 1 × 1 maps has no variance: its output is the bias.
 *
 * @throws RangeError unless eps is a number above 0.
 * @example
 * sequential([3, 8, 8], [conv2d({ out: 16, kernel: 3 }), batchNorm2d(), relu(), flatten(), linear({ out: 10 })])
 */
export function batchNorm2d(options: NormOptions = {}): Layer {
  checkOptions(options, normChecks);
  const { affine = true, eps = 1e-5 } = options;
  return { ...norm("batchNorm2d", { affine, eps }, ([channels]) => channels, true), couplesImages: true };
}

function norm(
  kind: string,
  options: { affine: boolean; eps: number; groups?: number },
  groupsOf: (input: ImageShape) => number,
  acrossImages = false,
): Layer {
  const { affine, eps } = options;
  return {
    kind,
    options,
    outputShape(input) {
      const [channels, height, width] = input;
      if ((channels / groupsOf(input)) * height * width === 1 && !acrossImages) {
        throw new ShapeError("expected more than one float to normalise together, got 1 × 1 maps");
      }
      return input;
    },
    parameters([channels]): readonly ParameterSpec[] {
      if (!affine) return [];
      const spec = { shape: [channels], fanIn: 1, fanOut: 1 };
      return [
        { name: "weight", role: "scale", ...spec },
        { name: "bias", role: "shift", ...spec },
      ];
    },
    planned: () => ({ op: "norm" }),
    flops: () => 0,
    bind(input, context) {
      const [channels, height, width] = input;
      const { lanes } = context;
      const images = lanes;
      const shape = { channels, groups: groupsOf(input), area: height * width, images, lanes, acrossImages };
      return new BoundNorm(shape, affine, eps, context);
    },
  };
}

class BoundNorm implements BoundLayer {
  readonly inPlace = false;
  /** The statistics, and after them the sums that backward leaves; a tangent keeps the tangents of the statistics. */
  readonly savedFloats: number;
  /** The tangents of the sums. */
  readonly workspaceFloats: number;
  readonly #ops: Ops;
  readonly #affine: boolean;
  readonly #eps: number;
  /** The shape of the last pass: how many images are real may change from batch to batch. */
  #shape: NormShape;

  constructor(shape: NormShape, affine: boolean, eps: number, { ops }: LayerContext) {
    const { channels, groups, lanes } = shape;
    this.#ops = ops;
    this.#shape = shape;
    this.#affine = affine;
    this.#eps = eps;
    this.workspaceFloats = 2 * (channels + groups) * lanes;
    this.savedFloats = 2 * groups * lanes + this.workspaceFloats;
  }

  forward({ x, y, saved, filled }: LayerTape, w: Buffer): void {
    this.#ops.normForward(y, saved, x, this.#weight(w), this.#bias(w), this.#eps, this.#of(filled.real));
  }

  // The sums are needed even if no gradient is wanted: the tangent pass reads them.
  backward({ x, saved, dx, dy, filled }: GradientTape, w: Buffer, dw: OptionalBuffer, accumulate: boolean): void {
    const sums = this.#sums(saved);
    this.#ops.normBackward(dx, sums, dy, x, saved, this.#weight(w), this.#of(filled.real));
    if (dw !== none) this.#parameterGradient(dw, sums, accumulate);
  }

  forwardR({ x, saved, filled }: LayerTape, { rx, ry, saved: rSaved }: MovingTangent, w: Buffer, v: Buffer): void {
    const [weight, rWeight, rBias] = [this.#weight(w), this.#weight(v), this.#bias(v)];
    const rStatistics = rx === none ? none : rSaved;
    this.#ops.normForwardR(ry, rStatistics, rx, x, saved, weight, rWeight, rBias, this.#of(filled.real));
  }

  backwardR(
    { x, dy, saved, filled }: GradientTape,
    { rx, rdx, rdy, saved: rSaved }: MovingTangent,
    w: Buffer,
    v: Buffer,
    rdw: OptionalBuffer,
    workspace: Buffer,
  ): void {
    const shape = this.#of(filled.real);
    const sums = this.#sums(saved);
    const [weight, rWeight] = [this.#weight(w), this.#weight(v)];
    const rStatistics = rx === none ? none : rSaved;
    const along = { rdy, rx, rStatistics, rWeight };
    this.#ops.normBackwardR(rdx, workspace, along, { dy, x, statistics: saved, sums, weight }, shape);
    if (rdw !== none) this.#parameterGradient(rdw, workspace, false);
  }

  #of(images: number): NormShape {
    if (images !== this.#shape.images) this.#shape = { ...this.#shape, images };
    return this.#shape;
  }

  #sums(saved: Buffer): Buffer {
    return saved + 2 * this.#shape.groups * this.#shape.lanes;
  }

  #weight(w: Buffer): OptionalBuffer {
    return this.#affine ? w : none;
  }

  #bias(w: Buffer): OptionalBuffer {
    return this.#affine ? w + this.#shape.channels : none;
  }

  /** Sums dγ and dβ together: they lie one after the other, and so do the sums of their lanes. */
  #parameterGradient(dw: Buffer, sums: Buffer, accumulate: boolean): void {
    const { channels, lanes } = this.#shape;
    if (this.#affine) this.#ops.sumRows(dw, sums, 2 * channels, lanes, accumulate);
  }
}
