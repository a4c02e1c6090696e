// The interface of layers. A user writes a `Layer`, a description; bound to a backend it becomes a `BoundLayer` with
// the four passes of which every method of this field is made. Linear and bilinear layers need no rules of their own for
// passes 3 and 4: R{w ⋆ x} = w ⋆ ṙx + v ⋆ x is two calls of the forward kernel.
import type { Buffer, OptionalBuffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { PlannedLayer, Planner } from "../backend/plan.ts";
import { type Check, wholeNumber } from "../checks/checks.ts";
import { wrongKind } from "../checks/refusal.ts";
import type { RandomKey } from "../numeric/philox.ts";

/**
 * The passes that a network is bound for: all of them; or forward alone, or forward and back to the images, of features, which have
 * no loss and whose weights are not learned. It takes no room for the others.
 */
export type Passes = "all" | "forward" | "to images";

/** Channels, height, width of one image or activation. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export interface ParameterSpec {
  readonly name: "weight" | "bias";
  /** The shape in PyTorch's layout. */
  readonly shape: readonly number[];
  /** The inputs and outputs of one unit, as initialisers count them (docs/math.md §4). */
  readonly fanIn: number;
  readonly fanOut: number;
  /** What it does if its name does not say it: a norm's weight only scales, its bias only shifts. */
  readonly role?: "scale" | "shift" | undefined;
  /** The number that it starts from, whatever the scheme. Without it a scale starts from 1, a shift from 0, and others are drawn. */
  readonly initial?: number | undefined;
}

/** A layer as a user describes it: plain data and the rules of its shape. */
export interface Layer {
  /** PyTorch's name for it, in this library's spelling: conv2d, linear, relu, … */
  readonly kind: string;
  /** The name of its parameters, given by `named`; without it, its position in the chain. */
  readonly name?: string | undefined;
  /** The options of the function `kind`, with defaults filled in: plain data that makes the layer again. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Throws ShapeError, without the layer's position: `sequential` adds that. */
  outputShape(input: ImageShape): ImageShape;
  parameters(input: ImageShape): readonly ParameterSpec[];
  /** Calls no op, because a plan binds layers too, with ops that do not exist. */
  bind(input: ImageShape, context: LayerContext): BoundLayer;
  /** Whether one image's output depends on the others, so that a batch may not be cut into chunks. */
  readonly couplesImages?: boolean | undefined;
  /** Describes what it computes with, for the backend's planner. */
  planned(input: ImageShape): PlannedLayer;
  /** Counts the multiplications and additions of the forward pass of one image, by direct summation: 0 if they are few. */
  flops(input: ImageShape): number;
}

export interface LayerContext {
  readonly ops: Ops;
  readonly plan: Planner;
  /** The padded number of images (`laneCount` in network.ts). */
  readonly lanes: number;
}

/** Where a layer's primal values and gradients lie, for one batch. y may be x, and dx may be dy: see `inPlace`. */
export interface LayerTape {
  /** [in, B] */
  readonly x: Buffer;
  /** [out, B] */
  readonly y: Buffer;
  /** What forward keeps beside x and y: a padded input, a pooling index. `nowhere` for layers that keep nothing. */
  readonly saved: Buffer;
  /** ∂ℓ/∂x [in, B]; `none` up to the first layer with weights, unless the gradient of the images is wanted. */
  readonly dx: OptionalBuffer;
  /** ∂ℓ/∂y [out, B]; `none` before the first layer with weights, unless the gradient of the images is wanted. */
  readonly dy: OptionalBuffer;
  /** The number of lanes that hold images: one object for all layers of a tape, set before each forward pass. */
  readonly filled: { real: number };
}

/** The tangents of a layer's tape: the derivatives of everything in it along a direction v in weight space. */
export interface LayerTangent {
  /** R{x}; `none` up to the first layer with weights, whose input does not depend on θ. */
  readonly rx: OptionalBuffer;
  /** R{y}; `none` before the first layer with weights. */
  readonly ry: OptionalBuffer;
  readonly saved: Buffer;
  /** R{∂ℓ/∂x} and R{∂ℓ/∂y}; `none` if the tape's are. */
  readonly rdx: OptionalBuffer;
  readonly rdy: OptionalBuffer;
}

/** The tape of a layer that gradients reach. */
export type GradientTape = LayerTape & { readonly dy: Buffer };
/** The tangents of a layer whose output depends on θ. */
export type MovingTangent = LayerTangent & { readonly ry: Buffer; readonly rdy: Buffer };

/**
 * A layer with its sizes fixed. Weights `w`, directions `v` and gradients `dw` are this layer's part of θ. `Network` calls a
 * pass only when it has something to do: backward when a gradient is wanted, forwardR and backwardR from the first layer
 * with weights on. No tangent comes from below that layer, so the R-backward pass there is the backward pass.
 */
export interface BoundLayer {
  /** Whether y may overwrite x, and dx overwrite dy. */
  readonly inPlace: boolean;
  /** Whether a later pass reads y or ry, so that the next layer may not overwrite them. */
  readonly keepsOutput?: boolean | undefined;
  /** Whether no later pass reads x or rx, so that other values may take their place. */
  readonly forgetsInput?: boolean | undefined;
  /** Whether backwardR reads dy, so that dx may not overwrite it even if `inPlace`. */
  readonly keepsGradient?: boolean | undefined;
  /** Whether x and y are the same buffer seen twice, as for flatten; then no pass does anything. */
  readonly view?: boolean | undefined;
  /** The floats of `saved`, and of the workspace, which passes may use and need not keep: of all, or of those that are bound. */
  readonly savedFloats: number;
  readonly workspaceFloats: number | Readonly<Record<Passes, number>>;
  /** Whether forwardR keeps nothing in its own `saved`, although forward does in that of the tape. */
  readonly savesNoTangent?: boolean | undefined;

  /** The floats of what `prepare` makes of weights, if it makes anything, for forward and backward at the same weights to take. */
  readonly preparedFloats?: number | undefined;
  readonly prepare?: ((into: Buffer, w: Buffer) => void) | undefined;

  /** Computes y from x. `random` is this layer's stream for this pass, in training; layers without randomness ignore it. */
  forward(
    tape: LayerTape,
    w: Buffer,
    random: RandomKey | undefined,
    workspace: Buffer,
    prepared?: OptionalBuffer,
  ): void;
  /** Computes dw (+)= ∂ℓ/∂w unless dw is `none`, and dx = ∂ℓ/∂x unless dx is `none`. */
  backward(
    tape: GradientTape,
    w: Buffer,
    dw: OptionalBuffer,
    accumulate: boolean,
    workspace: Buffer,
    prepared?: OptionalBuffer,
  ): void;
  /** Computes ry from rx and v. */
  forwardR(tape: LayerTape, tangent: MovingTangent, w: Buffer, v: Buffer, workspace: Buffer): void;
  /** Computes rdw = R{dw} unless rdw is `none`, and rdx = R{dx} unless rdx is `none`. */
  backwardR(
    tape: GradientTape,
    tangent: MovingTangent,
    w: Buffer,
    v: Buffer,
    rdw: OptionalBuffer,
    workspace: Buffer,
  ): void;
}

/** The tape and the tangents of a layer that is not the first of its sort: no buffer is left out. */
export type WholeTape = GradientTape & { readonly dx: Buffer };
export type WholeTangent = MovingTangent & { readonly rx: Buffer; readonly rdx: Buffer };

/** A bound layer without weights: its passes are called only if a layer below, or the images, need what they pass on. */
export interface WeightlessLayer extends BoundLayer {
  backward(tape: WholeTape, w: Buffer, dw: OptionalBuffer, accumulate: boolean, workspace: Buffer): void;
  forwardR(tape: LayerTape, tangent: WholeTangent, w: Buffer, v: Buffer, workspace: Buffer): void;
  backwardR(tape: WholeTape, tangent: WholeTangent, w: Buffer, v: Buffer, rdw: OptionalBuffer, workspace: Buffer): void;
}

/** Counts the elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Sizes and positions are 32-bit integers in the kernels. */
export const largestSize = 2_147_483_647;

/** Makes the check of a number of channels, rows or the like. */
/* @__NO_SIDE_EFFECTS__ */
export function sizeFrom(least: number): Check {
  return (name, value) => {
    wholeNumber(name, value, least, largestSize);
  };
}

/** Returns height and width of a size given as one side or as [height, width]. */
export function sides(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

/** The check of a side, or [height, width], each a whole number ≥ 1. */
export const checkSides: Check = (name, value) => {
  if (typeof value !== "number" && !(Array.isArray(value) && value.length === 2)) {
    throw wrongKind(name, "an integer or [height, width]", value);
  }
  for (const side of typeof value === "number" ? [value] : value) sizeFrom(1)(name, side);
};
