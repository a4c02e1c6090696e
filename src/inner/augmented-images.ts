// A batch of images in a backend's memory, augmented by what augment-strategies.ts draws: x′ = A·x + b. The map is affine, so the
// gradient goes back by its adjoint, and a tangent goes forward by A alone. docs/math.md §8.
//
//   const augmented = new AugmentedImages(strategies, model.inputShape, lanes, backend, allocator);
//   augmented.draw(tools.key("augment", step), { count });   // uploads the parameters, before any recording side by side
//   augmented.forward(tape.images, images);                  // x′ into the tape, then the passes of the network
//   augmented.backward(dImages, tape.dImages);               // dx = Aᵀ·dx′
//
// Each image has one op, which the others' lanes let pass. So the order of the ops does not matter, and they need no room of their
// own. Networks side by side on a GPU record every op that their strategies have, and so stay in step although each draws others.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { ImagesShape } from "../backend/shapes.ts";
import type { ImageShape } from "../nn/layer.ts";
import type { RandomKey } from "../numeric/philox.ts";
import {
  type AugmentOp,
  type AugmentStrategy,
  type DrawnImages,
  drawImages,
  opsOf,
  parametersInto,
  rowsOf,
} from "./augment-strategies.ts";

/** Which way the ops go: forward, forward without b, or back. */
type Pass = "forward" | "tangent" | "backward";

export class AugmentedImages {
  readonly #backend: Pick<Backend, "ops" | "upload" | "plan">;
  readonly #strategies: readonly AugmentStrategy[];
  readonly #image: ImageShape;
  readonly #shape: ImagesShape;
  /** The ops of the strategies, and where the parameters of each begin, counted from those of the first. */
  readonly #ops: ReadonlyMap<AugmentOp, number>;
  /** [all rows, lanes] */
  readonly #parameters: Buffer;
  readonly #floats: number;
  /** Those that the passes need. */
  #drawn: readonly AugmentOp[] = [];

  /** For images [c, h, w, lanes]. There is at least one strategy. */
  constructor(
    strategies: readonly AugmentStrategy[],
    image: ImageShape,
    lanes: number,
    backend: Pick<Backend, "ops" | "upload" | "plan">,
    allocator: Allocator,
  ) {
    const [channels, height, width] = image;
    this.#backend = backend;
    this.#strategies = strategies;
    this.#image = image;
    this.#shape = { channels, height, width, lanes };
    let floats = 0;
    const places = new Map<AugmentOp, number>();
    for (const op of opsOf(strategies)) {
      places.set(op, floats);
      floats += rowsOf(op) * lanes;
    }
    this.#ops = places;
    this.#floats = floats;
    this.#parameters = allocator.allocate(floats);
  }

  /** Draws what the passes do until the next call: the same for the same key and positions. */
  draw(key: RandomKey, images: DrawnImages): void {
    const { lanes } = this.#shape;
    const drawn = drawImages(this.#strategies, this.#image, key, images);
    const all = [...this.#ops.keys()];
    this.#drawn = this.#backend.plan.networksTogether
      ? all
      : all.filter((op) => drawn.some((image) => image.op === op));
    this.#backend.upload(this.#parameters, this.#floats, (host) => {
      for (const [op, at] of this.#ops) parametersInto(host, at, op, drawn, lanes);
    });
  }

  /** Records out = A·x + b; out may not be x. */
  forward(out: Buffer, x: Buffer): void {
    this.#apply("forward", out, x);
  }

  /** Records out = A·x: the tangent of x′ where x is that of the images. out may not be x. */
  tangent(out: Buffer, x: Buffer): void {
    this.#apply("tangent", out, x);
  }

  /** Records dx = Aᵀ·dOut; dx may not be dOut. */
  backward(dx: Buffer, dOut: Buffer): void {
    this.#apply("backward", dx, dOut);
  }

  #apply(pass: Pass, out: Buffer, x: Buffer): void {
    if (this.#drawn.length === 0) throw new Error("nothing was drawn for these images: call draw() first");
    // The first op takes x, and those after it are done in place. warp2d, which cannot be, is the first of all.
    for (const [i, op] of this.#drawn.entries()) this.#record(op, pass, out, i === 0 ? x : out);
  }

  #record(op: AugmentOp, pass: Pass, out: Buffer, x: Buffer): void {
    const { ops } = this.#backend;
    const parameters = this.#parameters + this.#ops.get(op)!;
    if (op === "recolor") ops.recolor(out, x, parameters, this.#shape, pass === "forward");
    else if (op === "cutout") ops.cutout(out, x, parameters, this.#shape);
    else if (pass === "backward") ops.warp2dBackward(out, x, parameters, this.#shape);
    else ops.warp2dForward(out, x, parameters, this.#shape);
  }
}
