// A decoder makes the images of a set of fewer numbers: x = D(z). The gradient of what it is made of is ∂z = Dᵀ·∂x, exactly
// (docs/math.md §14).
import type { Backend } from "../../backend/backend.ts";
import type { Buffer, Floats } from "../../backend/buffer.ts";
import type { Allocators } from "../../inner/allocators.ts";
import type { ImageShape } from "../../nn/layer.ts";
import type { RandomKey } from "../../numeric/philox.ts";
import type { StoredDecoder } from "../distilled-set.ts";
import type { Packing, Tensor } from "../tensor.ts";

/** What a decoder is made with. */
export interface DecoderParts {
  /** The decoded images. */
  readonly images: Tensor & { readonly packing: Packing };
  /** Channels, rows and columns of one. */
  readonly shape: ImageShape;
  readonly classes: number;
  readonly backend: Backend;
  readonly memory: Allocators;
  readonly key: (purpose: string) => RandomKey;
}

/** What is learned in the place of images. */
export interface DecoderTensor extends Tensor {
  /** What messages call it, in the plural. */
  readonly called: string;
}

/** The way back. Its buffers are those of one network. */
export interface Adjoint {
  /** One for each tensor of the decoder. */
  readonly gradients: readonly Buffer[];
  /** Records the ops that make the gradients of ∂L/∂images. */
  record(dImages: Buffer): void;
}

export interface Decoder {
  readonly tensors: readonly DecoderTensor[];
  /**
   * Records the ops that start the tensors so that what they decode to is near the images that the method started. `staging` has
   * room for the rows of any of them.
   */
  start(staging: Buffer): void;
  /** Records the ops that compute the images. */
  decode(): void;
  /** Allocates the way back. */
  adjoint(memory: Allocators): Adjoint;
  /** Returns what a set stores, from the rows of the tensors by name. */
  stored(rows: ReadonlyMap<string, Floats>): StoredDecoder;
}
