// The end of a block of ConvNet, in one: a norm, ReLU and average pooling of 2×2, where the planner says so. Nothing between the
// three is kept, so that a tape and a tangent need no room for it.
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { NormPoolOps, NormPoolPrimal, NormPoolShape } from "../backend/norm-pool-ops.ts";
import type { Ops } from "../backend/ops.ts";
import type { Planner } from "../backend/plan.ts";
import type { AvgPool2dOptions } from "./avg-pool2d.ts";
import {
  elements,
  type ImageShape,
  type Layer,
  type LayerContext,
  type LayerTape,
  type Passes,
  sides,
  type WeightlessLayer,
  type WholeTangent,
  type WholeTape,
} from "./layer.ts";
import { flatten } from "./linear.ts";
import type { Model } from "./model.ts";
import { firstWeights } from "./tape.ts";

const norms: ReadonlySet<string> = new Set(["instanceNorm2d", "groupNorm", "batchNorm2d"]);

/**
 * Returns the same network with each norm, ReLU and average pooling of 2×2 in a row as one layer, where the norm stood, and two
 * that pass on what they get, so that all layers keep their places. A norm that no layer with weights stands before stays as it is,
 * because backward then wants no gradient of its input, in whose place this layer computes.
 */
export function normsWithPools(model: Model, { normPool }: Planner): Model {
  if (!normPool) return model;
  const layers: Layer[] = [...model.layers];
  const shapes: ImageShape[] = [...model.shapes];
  for (let i = firstWeights(model) + 1; i + 2 < layers.length; i++) {
    const [norm, relu, pool] = [layers[i]!, layers[i + 1]!, layers[i + 2]!];
    if (!norms.has(norm.kind) || relu.kind !== "relu" || !poolsQuads(pool, shapes[i]!)) continue;
    const pooled = shapes[i + 3]!;
    const bind: Layer["bind"] = (input, context) => new BoundNormPool(norm, input, context);
    const passOn: Layer = { ...flatten(), kind: "passOn", outputShape: () => pooled };
    layers.splice(i, 3, { ...norm, outputShape: () => pooled, bind }, passOn, passOn);
    shapes.splice(i + 1, 2, pooled, pooled);
  }
  return { ...model, layers, shapes };
}

/** Whether a layer averages 2×2 windows side by side that leave nothing out. */
function poolsQuads({ kind, options }: Layer, [, height, width]: ImageShape): boolean {
  if (kind !== "avgPool2d" || height % 2 !== 0 || width % 2 !== 0) return false;
  const { kernel, stride, padding } = options as unknown as Required<AvgPool2dOptions>;
  return padding === 0 && [kernel, stride!].flatMap(sides).every((side) => side === 2);
}

class BoundNormPool implements WeightlessLayer {
  readonly inPlace = false;
  /** As of a norm: the statistics, and after them the sums that backward leaves. */
  readonly savedFloats: number;
  /** The tangents of the sums, and what lies between the layers in the tangent passes. */
  readonly workspaceFloats: Readonly<Record<Passes, number>>;
  readonly #ops: Ops & NormPoolOps;
  readonly #affine: boolean;
  readonly #eps: number;
  readonly #sums: number;
  /** The shape of the last pass: how many images are real may change from batch to batch. */
  #shape: NormPoolShape;

  constructor({ options, couplesImages = false }: Layer, input: ImageShape, { ops, lanes }: LayerContext) {
    const [channels, height, width] = input;
    const { affine, eps, groups = channels } = options as { affine: boolean; eps: number; groups?: number };
    this.#ops = ops as Ops & NormPoolOps;
    this.#shape = { channels, groups, area: height * width, width, images: lanes, lanes, acrossImages: couplesImages };
    this.#affine = affine;
    this.#eps = eps;
    this.#sums = 2 * (channels + groups) * lanes;
    this.savedFloats = 2 * groups * lanes + this.#sums;
    this.workspaceFloats = { forward: 0, "to images": 0, all: this.#sums + elements(input) * lanes };
  }

  forward({ x, y, saved, filled }: LayerTape, w: Buffer): void {
    this.#ops.normPoolForward(y, saved, x, this.#weight(w), this.#bias(w), this.#eps, this.#of(filled.real));
  }

  // The sums are needed even if no gradient is wanted: the tangent pass reads them.
  backward(tape: WholeTape, w: Buffer, dw: OptionalBuffer, accumulate: boolean): void {
    const sums = this.#sumsIn(tape.saved);
    this.#ops.normPoolBackward(tape.dx, sums, tape.dy, this.#primal(tape, w), this.#of(tape.filled.real));
    if (dw !== none) this.#parameterGradient(dw, sums, accumulate);
  }

  forwardR(tape: LayerTape, { rx, ry, saved }: WholeTangent, w: Buffer, v: Buffer, workspace: Buffer): void {
    const [rWeight, rBias] = [this.#weight(v), this.#bias(v)];
    const shape = this.#of(tape.filled.real);
    this.#ops.normPoolForwardR(ry, saved, workspace + this.#sums, rx, this.#primal(tape, w), rWeight, rBias, shape);
  }

  backwardR(
    tape: WholeTape,
    { rx, rdx, rdy, saved: rStatistics }: WholeTangent,
    w: Buffer,
    v: Buffer,
    rdw: OptionalBuffer,
    workspace: Buffer,
  ): void {
    const along = { rdy, rx, rStatistics, rWeight: this.#weight(v) };
    const primal = { ...this.#primal(tape, w), dy: tape.dy, sums: this.#sumsIn(tape.saved) };
    const dz = workspace + this.#sums;
    this.#ops.normPoolBackwardR(rdx, workspace, dz, along, primal, this.#of(tape.filled.real));
    if (rdw !== none) this.#parameterGradient(rdw, workspace, false);
  }

  #of(images: number): NormPoolShape {
    if (images !== this.#shape.images) this.#shape = { ...this.#shape, images };
    return this.#shape;
  }

  #primal({ x, saved }: LayerTape, w: Buffer): NormPoolPrimal {
    return { x, statistics: saved, weight: this.#weight(w), bias: this.#bias(w) };
  }

  #sumsIn(saved: Buffer): Buffer {
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
