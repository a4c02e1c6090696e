// A convolution through the frequency domain (assembly/rare/frequency.ts), where the planner says so. The spectrum of the input is
// made once and kept in the place of the padded input: the gradients of weights need it, and both R-passes. The sums of an R-pass
// are added as spectra, before one transform back.
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { FrequencyFloats, FrequencyOps, FrequencyShape } from "../backend/frequency-ops.ts";
import type { Ops } from "../backend/ops.ts";
import type { BoundLayer, GradientTape, LayerTape, MovingTangent, Passes } from "./layer.ts";

export class FrequencyConv2d implements BoundLayer {
  readonly inPlace = false;
  readonly savedFloats: number;
  readonly preparedFloats: number;
  readonly workspaceFloats: Readonly<Record<Passes, number>>;
  readonly #ops: Ops & FrequencyOps;
  readonly #shape: FrequencyShape;
  readonly #floats: FrequencyFloats;
  readonly #weights: number;
  readonly #bias: boolean;

  constructor(shape: FrequencyShape, bias: boolean, ops: Ops, floats: FrequencyFloats) {
    this.#shape = shape;
    this.#floats = floats;
    this.#bias = bias;
    this.#ops = ops as Ops & FrequencyOps;
    this.#weights = shape.inChannels * shape.outChannels * shape.kernel * shape.kernel;
    this.savedFloats = floats.inputs;
    const { inputs, outputs, weights, gradient } = floats;
    const toImages = outputs + weights + inputs;
    const all = 2 * outputs + Math.max(weights + inputs, gradient);
    this.preparedFloats = 2 * weights;
    this.workspaceFloats = { forward: outputs + weights, "to images": toImages, all };
  }

  prepare(into: Buffer, w: Buffer): void {
    this.#ops.frequencyWeights(into, into + this.#floats.weights, w, this.#shape);
  }

  forward(tape: LayerTape, w: Buffer, _random: unknown, workspace: Buffer, prepared?: OptionalBuffer): void {
    const { weights, y } = this.#places(workspace);
    this.#ops.spectrumForward(tape.saved, tape.x, "inputs", this.#shape);
    if (prepared === none) this.#multiply(y, tape.saved, w, weights, false);
    else this.#ops.frequencyForward(y, tape.saved, prepared, this.#shape, false);
    this.#ops.spectrumBack(tape.y, y, this.#biasOf(w), "outputs", this.#shape);
  }

  backward(
    tape: GradientTape,
    w: Buffer,
    dw: OptionalBuffer,
    accumulate: boolean,
    workspace: Buffer,
    prepared?: OptionalBuffer,
  ): void {
    const { weights, y: dy, x: dx, gradient } = this.#places(workspace);
    if (dw === none && tape.dx === none) return;
    this.#ops.spectrumForward(dy, tape.dy, "outputs", this.#shape);
    if (tape.dx !== none) {
      if (prepared === none) this.#multiplyBack(dx, dy, w, weights, false);
      else this.#ops.frequencyBackwardData(dx, dy, prepared + this.#floats.weights, this.#shape, false);
      this.#ops.spectrumBack(tape.dx, dx, none, "inputs", this.#shape);
    }
    if (dw === none) return;
    this.#ops.frequencyBackwardWeights(gradient, dy, tape.saved, this.#shape, false);
    this.#ops.frequencyWeightsBack(dw, gradient, this.#shape, accumulate);
    this.#biasGradient(dw, tape.dy, accumulate);
  }

  // R{w ⋆ x + b} = w ⋆ ṙx + v ⋆ x + v_b
  forwardR(tape: LayerTape, { rx, ry, saved }: MovingTangent, w: Buffer, v: Buffer, workspace: Buffer): void {
    const { weights, y } = this.#places(workspace);
    this.#multiply(y, tape.saved, v, weights, false);
    if (rx !== none) {
      this.#ops.spectrumForward(saved, rx, "inputs", this.#shape);
      this.#multiply(y, saved, w, weights, true);
    }
    this.#ops.spectrumBack(ry, y, this.#biasOf(v), "outputs", this.#shape);
  }

  // R{dw} = ṙdy ⋆ x + dy ⋆ ṙx;  R{dx} = wᵀ ⋆ ṙdy + vᵀ ⋆ dy
  backwardR(
    tape: GradientTape,
    { rx, rdx, rdy, saved }: MovingTangent,
    w: Buffer,
    v: Buffer,
    rdw: OptionalBuffer,
    workspace: Buffer,
  ): void {
    const { weights, y: moving, second: dy, x: dx, gradient } = this.#places(workspace);
    const shape = this.#shape;
    if (rdw === none && rdx === none) return;
    this.#ops.spectrumForward(moving, rdy, "outputs", shape);
    if (rdx !== none || rx !== none) this.#ops.spectrumForward(dy, tape.dy, "outputs", shape);
    if (rdx !== none) {
      this.#multiplyBack(dx, moving, w, weights, false);
      this.#multiplyBack(dx, dy, v, weights, true);
      this.#ops.spectrumBack(rdx, dx, none, "inputs", shape);
    }
    if (rdw === none) return;
    this.#ops.frequencyBackwardWeights(gradient, moving, tape.saved, shape, false);
    if (rx !== none) this.#ops.frequencyBackwardWeights(gradient, dy, saved, shape, true);
    this.#ops.frequencyWeightsBack(rdw, gradient, shape, false);
    this.#biasGradient(rdw, rdy, false);
  }

  /**
   * The workspace: a spectrum of outputs, then weights and a spectrum of inputs, or in their place a gradient, and at the end a second
   * spectrum of outputs, for which only a network with all passes has room.
   */
  #places(workspace: Buffer) {
    const { inputs, outputs, weights, gradient } = this.#floats;
    const rest = workspace + outputs;
    return {
      y: workspace,
      weights: rest,
      x: rest + weights,
      gradient: rest,
      second: rest + Math.max(weights + inputs, gradient),
    };
  }

  #multiply(y: Buffer, x: Buffer, w: Buffer, place: Buffer, accumulate: boolean): void {
    this.#ops.frequencyWeights(place, none, w, this.#shape);
    this.#ops.frequencyForward(y, x, place, this.#shape, accumulate);
  }

  #multiplyBack(dx: Buffer, dy: Buffer, w: Buffer, place: Buffer, accumulate: boolean): void {
    this.#ops.frequencyWeights(none, place, w, this.#shape);
    this.#ops.frequencyBackwardData(dx, dy, place, this.#shape, accumulate);
  }

  #biasOf(w: Buffer): OptionalBuffer {
    return this.#bias ? w + this.#weights : none;
  }

  #biasGradient(dw: Buffer, dy: Buffer, accumulate: boolean): void {
    if (!this.#bias) return;
    const { outChannels, height, width, lanes } = this.#shape;
    this.#ops.sumRows(dw + this.#weights, dy, outChannels, height * width * lanes, accumulate);
  }
}
