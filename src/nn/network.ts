// A model bound to a backend for one number of lanes: the four passes over the whole chain.
//
//   forward     logits, loss and ∂ℓ/∂logits                backward    ∂ℓ/∂θ, and ∂ℓ/∂images, ∂ℓ/∂targets if wanted
//   forwardR    their tangents along v in weight space      backwardR   H_θθ·v, H_xθ·v and H_yθ·v, in one sweep
// docs/math.md §2 describes this.
import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere, type OptionalBuffer, required } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { Planner } from "../backend/plan.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { atOnce, type Parts } from "../platform/parts.ts";
import type { BoundLayer, GradientTape, LayerTangent, LayerTape, MovingTangent, Passes } from "./layer.ts";
import { type Loss, lossForward, lossForwardR } from "./loss.ts";
import type { Model } from "./model.ts";
import { normsWithPools } from "./norm-pool.ts";
import { poolingFirst } from "./pooling-first.ts";
import { PreparedWeights, thetaOf, type Weights } from "./prepared.ts";
import {
  allocateTangent,
  allocateTape,
  firstWeights,
  passingFloats,
  type Tangent,
  type Tape,
  type Wanted,
} from "./tape.ts";

/** Returns the number of lanes for `images` images: as many, padded as the backend's kernels need it. */
export function laneCount({ layers, shapes }: Model, images: number, plan: Planner): number {
  const planned = layers.map((layer, i) => layer.planned(shapes[i]!));
  return plan.lanes(planned, images);
}

export class Network {
  readonly model: Model;
  /** The number of lanes of every activation. */
  readonly lanes: number;
  readonly #ops: Ops;
  /** The model in the order in which its layers run. */
  readonly #chain: Model;
  readonly #layers: readonly BoundLayer[];
  /** Where each layer's parameters begin in θ. */
  readonly #offsets: readonly number[];
  readonly #hasWeights: readonly boolean[];
  /** The first layer with weights. */
  readonly #first: number;
  readonly #workspace: Buffer;
  /** The place of values that one layer writes, the next one reads, and nobody else. */
  readonly #passing: Buffer;
  readonly #loss: Loss;
  readonly #passes: Passes;

  constructor(
    model: Model,
    { ops, plan }: Pick<Backend, "ops" | "plan">,
    lanes: number,
    allocator: Allocator,
    { loss = "cross-entropy", passes = "all" }: { readonly loss?: Loss | undefined; readonly passes?: Passes } = {},
  ) {
    this.model = model;
    this.lanes = lanes;
    this.#loss = loss;
    this.#passes = passes;
    this.#ops = ops;
    this.#chain = normsWithPools(poolingFirst(model), plan);
    const { layers, shapes } = this.#chain;
    this.#layers = layers.map((layer, i) => layer.bind(shapes[i]!, { ops, plan, lanes }));
    this.#hasWeights = layers.map((layer, i) => layer.parameters(shapes[i]!).length > 0);
    this.#first = firstWeights(this.#chain);
    this.#offsets = parameterOffsets(this.#chain);
    const workspace = this.#layers.reduce((most, { workspaceFloats: floats }) => {
      return Math.max(most, typeof floats === "number" ? floats : floats[passes]);
    }, 0);
    this.#workspace = workspace ? allocator.allocate(workspace) : nowhere;
    const passing = passingFloats(this.#chain, this.#layers, lanes);
    this.#passing = passing ? allocator.allocate(passing) : nowhere;
  }

  /** Allocates room for a pass over `images` [c, h, w, B] and `targets` [classes, B], which are not copied. */
  tape(allocator: Allocator, images: Buffer, targets: Buffer, wanted: Wanted): Tape {
    const given = { images, targets, passing: this.#passing, wanted, passes: this.#passes };
    return allocateTape(this.#chain, this.#layers, this.lanes, allocator, given);
  }

  tangent(allocator: Allocator, wanted: Wanted): Tangent {
    return allocateTangent(this.#chain, this.#layers, this.lanes, allocator, { passing: this.#passing, wanted });
  }

  /** Allocates room for weights that are prepared once for many passes; undefined if every layer takes them as they are. */
  preparedWeights(allocator: Allocator): PreparedWeights | undefined {
    if (!this.#layers.some(({ preparedFloats }) => preparedFloats)) return undefined;
    const places = this.#layers.map(({ preparedFloats }) =>
      preparedFloats ? allocator.allocate(preparedFloats) : none,
    );
    return new PreparedWeights(places);
  }

  /** Prepares the weights at θ for forward and backward of any network of this model with as many lanes. */
  prepare(prepared: PreparedWeights, theta: Buffer): void {
    prepared.theta = theta;
    this.#layers.forEach((layer, i) => {
      const place = prepared.places[i];
      if (place !== none) layer.prepare!(place, theta + this.#offsets[i]!);
    });
  }

  /**
   * Computes tape.logits from tape.images, of which the first `images` lanes are real, at θ. In training, `random` names the
   * first of a row of streams, one for each layer, which no other pass may use; without it the pass is one of evaluation
   * and draws nothing.
   */
  forward(weights: Weights, tape: Tape, images: number, random?: RandomKey): void {
    atOnce(this.forwardParts(weights, tape, images, random));
  }

  /** Does the same; each layer is a part. */
  *forwardParts(weights: Weights, tape: Tape, images: number, random?: RandomKey): Parts {
    const theta = thetaOf(weights);
    tape.filled.real = images;
    for (const [i, layer] of this.#layers.entries()) {
      const stream = random && { ...random, stream: random.stream + i };
      layer.forward(tape.layers[i]!, theta + this.#offsets[i]!, stream, this.#workspace, preparedAt(weights, i));
      yield;
    }
  }

  /** Computes losses and ∂ℓ/∂logits of the first `images` lanes; ∂ℓ/∂targets if the tape has room for it. */
  loss(tape: Tape, images: number): void {
    lossForward(this.#loss, this.#ops, tape, { classes: this.model.classes, images, lanes: this.lanes });
  }

  /** Computes, from tape.dLogits, dTheta (+)= ∂ℓ/∂θ unless it is `none`, and the images' gradient if the tape has room. */
  backward(weights: Weights, tape: Tape, dTheta: OptionalBuffer, accumulate = false): void {
    atOnce(this.backwardParts(weights, tape, dTheta, accumulate));
  }

  /** Does the same; each layer is a part. */
  *backwardParts(weights: Weights, tape: Tape, dTheta: OptionalBuffer, accumulate = false): Parts {
    const theta = thetaOf(weights);
    if (dTheta !== none && this.#passes !== "all") throw new Error("this network has no room for gradients of weights");
    const last = tape.dImages === none ? this.#first : 0;
    for (let i = this.#layers.length - 1; i >= last; i--) {
      const at = this.#offsets[i]!;
      const dw = dTheta !== none && this.#hasWeights[i] ? dTheta + at : none;
      const layer = reached(tape.layers[i]!);
      this.#layers[i]!.backward(layer, theta + at, dw, accumulate, this.#workspace, preparedAt(weights, i));
      yield;
    }
  }

  /** Computes the tangents of logits and of ∂ℓ/∂logits along `v`, after forward and loss at the same θ. */
  forwardR(theta: Buffer, v: Buffer, tape: Tape, tangent: Tangent, images: number): void {
    atOnce(this.forwardRParts(theta, v, tape, tangent, images));
  }

  /** Does the same; each layer is a part. */
  *forwardRParts(theta: Buffer, v: Buffer, tape: Tape, tangent: Tangent, images: number): Parts {
    for (let i = this.#first; i < this.#layers.length; i++) {
      const at = this.#offsets[i]!;
      this.#layers[i]!.forwardR(tape.layers[i]!, moving(tangent.layers[i]!), theta + at, v + at, this.#workspace);
      yield;
    }
    const shape = { classes: this.model.classes, images, lanes: this.lanes };
    if (this.#first === this.#layers.length) this.#ops.fill(tangent.logits, 0, shape.classes * shape.lanes);
    lossForwardR(this.#loss, this.#ops, tape, tangent, shape);
  }

  /** Computes rdTheta = H_θθ·v unless it is `none`, and H_xθ·v if the tangent has room; after forwardR, and backward at the same θ. */
  backwardR(theta: Buffer, v: Buffer, tape: Tape, tangent: Tangent, rdTheta: OptionalBuffer): void {
    atOnce(this.backwardRParts(theta, v, tape, tangent, rdTheta));
  }

  /** Does the same; each layer is a part. */
  *backwardRParts(theta: Buffer, v: Buffer, tape: Tape, tangent: Tangent, rdTheta: OptionalBuffer): Parts {
    for (let i = this.#layers.length - 1; i >= this.#first; i--) {
      const at = this.#offsets[i]!;
      const rdw = rdTheta !== none ? rdTheta + at : none;
      const [layer, tangents] = [reached(tape.layers[i]!), moving(tangent.layers[i]!)];
      this.#layers[i]!.backwardR(layer, tangents, theta + at, v + at, rdw, this.#workspace);
      yield;
    }
    if (tangent.dImages === none) return;
    // The outputs of the layers below do not depend on θ: R{Jᵀ·dy} = Jᵀ·R{dy}, the backward pass of another gradient.
    for (let i = this.#first - 1; i >= 0; i--) {
      const { rdx: dx, rdy: dy } = tangent.layers[i]!;
      const layer = reached({ ...tape.layers[i]!, dx, dy });
      this.#layers[i]!.backward(layer, nowhere, none, false, this.#workspace);
    }
  }
}

/** Where what layer i made of its weights lies, if it made anything. */
function preparedAt(weights: Weights, i: number): OptionalBuffer {
  return typeof weights === "number" ? none : weights.places[i];
}

function reached(layer: LayerTape): GradientTape {
  required(layer.dy, "the gradient of an output");
  return layer as GradientTape;
}

function moving(layer: LayerTangent): MovingTangent {
  required(layer.ry, "the tangent of an output");
  required(layer.rdy, "the tangent of an output's gradient");
  return layer as MovingTangent;
}

function parameterOffsets(model: Model): number[] {
  let offset = 0;
  return model.layers.map((layer, i) => {
    const start = offset;
    for (const { shape } of layer.parameters(model.shapes[i]!)) offset += shape.reduce((a, b) => a * b, 1);
    return start;
  });
}
