// A batch of images in a backend's memory, augmented by what augment-strategies.ts draws: x′ = A·x + b. The map is affine, so the
// gradient goes back by its adjoint, and a tangent goes forward by A alone. docs/math.md §8.
//
//   const augmented = new AugmentedImages(strategies, model.inputShape, lanes, backend, allocator);
//   augmented.draw(tools.key("augment", step), { count });   // uploads the parameters, before any recording side by side
//   augmented.forward(tape.images, images);                  // x′ into the tape, then the passes of the network
//   augmented.backward(dImages, tape.dImages);               // dx = Aᵀ·dx′
//
// A step is always one upload, and each pass one op, whatever is drawn, so networks side by side on a GPU stay in step.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { ImagesShape } from "../backend/shapes.ts";
import type { ImageShape } from "../nn/layer.ts";
import type { RandomKey } from "../numeric/philox.ts";
import {
  type AugmentStrategy,
  type DrawnImages,
  type DrawnStrategy,
  drawStrategy,
  mostParameters,
} from "./augment-strategies.ts";

export class AugmentedImages {
  readonly #backend: Pick<Backend, "ops" | "upload">;
  readonly #strategies: readonly AugmentStrategy[];
  readonly #image: ImageShape;
  readonly #shape: ImagesShape;
  /** [mostParameters, lanes] */
  readonly #parameters: Buffer;
  #op: DrawnStrategy["op"] | undefined;

  /** For images [c, h, w, lanes]. There is at least one strategy. */
  constructor(
    strategies: readonly AugmentStrategy[],
    image: ImageShape,
    lanes: number,
    backend: Pick<Backend, "ops" | "upload">,
    allocator: Allocator,
  ) {
    const [channels, height, width] = image;
    this.#backend = backend;
    this.#strategies = strategies;
    this.#image = image;
    this.#shape = { channels, height, width, lanes };
    this.#parameters = allocator.allocate(mostParameters * lanes);
  }

  /** Draws what the passes do until the next call: the same for the same key and positions. */
  draw(key: RandomKey, images: DrawnImages): void {
    const { lanes } = this.#shape;
    const drawn = drawStrategy(this.#strategies, this.#image, key, images);
    this.#op = drawn.op;
    this.#backend.upload(this.#parameters, mostParameters * lanes, (host) => drawn.into(host, lanes));
  }

  /** Records out = A·x + b; out may not be x. */
  forward(out: Buffer, x: Buffer): void {
    this.#apply(out, x, true);
  }

  /** Records out = A·x: the tangent of x′ where x is that of the images. out may not be x. */
  tangent(out: Buffer, x: Buffer): void {
    this.#apply(out, x, false);
  }

  /** Records dx = Aᵀ·dOut; dx may not be dOut. */
  backward(dx: Buffer, dOut: Buffer): void {
    if (this.#op === "warp2d") this.#backend.ops.warp2dBackward(dx, dOut, this.#parameters, this.#shape);
    else this.#apply(dx, dOut, false);
  }

  #apply(out: Buffer, x: Buffer, shifts: boolean): void {
    const { ops } = this.#backend;
    if (this.#op === "warp2d") ops.warp2dForward(out, x, this.#parameters, this.#shape);
    else if (this.#op === "recolor") ops.recolor(out, x, this.#parameters, this.#shape, shifts);
    else if (this.#op === "cutout") ops.cutout(out, x, this.#parameters, this.#shape);
    else throw new Error("nothing was drawn for these images: call draw() first");
  }
}
