// Fully connected layers, y = w·x + b, and the flattening before them. They are bilinear, so tangents use the same kernels.
// docs/math.md §2 has the formulas.
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { LinearShape } from "../backend/shapes.ts";
import { flag, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { ShapeError } from "../errors.ts";
import {
  type BoundLayer,
  elements,
  type GradientTape,
  type ImageShape,
  type Layer,
  type LayerContext,
  type LayerTape,
  type MovingTangent,
  type ParameterSpec,
  sizeFrom,
} from "./layer.ts";

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Output features. */
  out: number;
  /** Default true. */
  bias?: boolean | undefined;
}

const linearChecks: Checks<LinearOptions> = { out: sizeFrom(1), bias: optional(flag) };

/**
 * A fully connected layer with PyTorch's meaning (`nn.Linear`): weight [out, in], bias [out].
 *
 * @throws RangeError when `out` is not a whole number ≥ 1; `sequential` throws ShapeError unless the input is flat.
 * @example
 * sequential([1, 28, 28], [flatten(), linear({ out: 10 })])
 */
export function linear(options: LinearOptions): Layer {
  checkOptions(options, linearChecks);
  const { out, bias = true } = options;
  return {
    kind: "linear",
    options: { out, bias },
    outputShape([, height, width]): ImageShape {
      if (height !== 1 || width !== 1) {
        throw new ShapeError(`expected a flat input, got ${height} × ${width} maps: put flatten() before it`);
      }
      return [out, 1, 1];
    },
    parameters([features]): readonly ParameterSpec[] {
      const fans = { fanIn: features, fanOut: out };
      const weight: ParameterSpec = { name: "weight", shape: [out, features], ...fans };
      return bias ? [weight, { name: "bias", shape: [out], ...fans }] : [weight];
    },
    planned: () => ({ op: "linear" }),
    flops: ([features]) => 2 * features * out,
    bind: ([features], context) => new BoundLinear(features, out, bias, context),
  };
}

class BoundLinear implements BoundLayer {
  readonly inPlace = false;
  readonly savedFloats = 0;
  readonly workspaceFloats = 0;
  readonly #ops: Ops;
  readonly #shape: LinearShape;
  readonly #bias: boolean;

  constructor(inFeatures: number, outFeatures: number, bias: boolean, { ops, lanes }: LayerContext) {
    this.#ops = ops;
    this.#bias = bias;
    this.#shape = { inFeatures, outFeatures, lanes };
  }

  forward(tape: LayerTape, w: Buffer): void {
    this.#ops.linearForward(tape.y, tape.x, w, this.#biasOf(w), this.#shape, false);
  }

  backward(tape: GradientTape, w: Buffer, dw: OptionalBuffer, accumulate: boolean): void {
    if (dw !== none) {
      this.#ops.linearBackwardWeights(dw, tape.dy, tape.x, this.#shape, accumulate);
      this.#biasGradient(dw, tape.dy, accumulate);
    }
    if (tape.dx !== none) this.#ops.linearBackwardData(tape.dx, tape.dy, w, this.#shape, false);
  }

  // R{w·x + b} = w·ṙx + v·x + v_b
  forwardR(tape: LayerTape, { rx, ry }: MovingTangent, w: Buffer, v: Buffer): void {
    const known = rx !== none;
    if (known) this.#ops.linearForward(ry, rx, w, none, this.#shape, false);
    this.#ops.linearForward(ry, tape.x, v, this.#biasOf(v), this.#shape, known);
  }

  // R{dw} = ṙdy·xᵀ + dy·ṙxᵀ;  R{dx} = wᵀ·ṙdy + vᵀ·dy
  backwardR(tape: GradientTape, { rx, rdx, rdy }: MovingTangent, w: Buffer, v: Buffer, rdw: OptionalBuffer): void {
    if (rdw !== none) {
      this.#ops.linearBackwardWeights(rdw, rdy, tape.x, this.#shape, false);
      if (rx !== none) this.#ops.linearBackwardWeights(rdw, tape.dy, rx, this.#shape, true);
      this.#biasGradient(rdw, rdy, false);
    }
    if (rdx !== none) {
      this.#ops.linearBackwardData(rdx, rdy, w, this.#shape, false);
      this.#ops.linearBackwardData(rdx, tape.dy, v, this.#shape, true);
    }
  }

  #biasOf(w: Buffer): OptionalBuffer {
    return this.#bias ? w + this.#shape.inFeatures * this.#shape.outFeatures : none;
  }

  #biasGradient(dw: Buffer, dy: Buffer, accumulate: boolean): void {
    const bias = this.#biasOf(dw);
    if (bias !== none) this.#ops.sumRows(bias, dy, this.#shape.outFeatures, this.#shape.lanes, accumulate);
  }
}

/**
 * [c, h, w] → [c·h·w, 1, 1] (`nn.Flatten`). It costs nothing, because the bytes are the same.
 *
 * @example
 * sequential([1, 28, 28], [flatten(), linear({ out: 10 })])
 */
export function flatten(): Layer {
  return {
    kind: "flatten",
    options: {},
    outputShape: (input): ImageShape => [elements(input), 1, 1],
    parameters: () => [],
    planned: () => ({ op: "view" }),
    flops: () => 0,
    bind: () => ({
      inPlace: true,
      view: true,
      savedFloats: 0,
      workspaceFloats: 0,
      forward() {},
      backward() {},
      forwardR() {},
      backwardR() {},
    }),
  };
}
