// Weights that are made ready once for many passes: the chunks of a large batch have the same θ, and a convolution through the
// frequency domain would else transform its weights for each.
import type { Buffer, OptionalBuffer } from "../backend/buffer.ts";

export class PreparedWeights {
  /** Where what each layer made of its weights lies; `none` for layers that take them as they are. */
  readonly places: readonly OptionalBuffer[];
  #theta: Buffer | undefined;

  constructor(places: readonly OptionalBuffer[]) {
    this.places = places;
  }

  /** θ, as it was when `Network.prepare` was called: it may not change before the last pass that takes these weights. */
  get theta(): Buffer {
    if (this.#theta === undefined) throw new Error("these weights were not prepared");
    return this.#theta;
  }

  set theta(theta: Buffer) {
    this.#theta = theta;
  }
}

/** The weights of a pass: θ, or what was prepared of it. */
export type Weights = Buffer | PreparedWeights;

export function thetaOf(weights: Weights): Buffer {
  return typeof weights === "number" ? weights : weights.theta;
}
