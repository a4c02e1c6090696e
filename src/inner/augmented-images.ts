// A batch of images in a backend's memory, augmented by what augment-strategies.ts draws: x′ = A·x + b. The map is affine, so the
// gradient goes back by its adjoint, and a tangent goes forward by A alone. docs/math.md §8.
//
//   const augmented = new AugmentedImages(strategies, model.inputShape, lanes, backend, allocator);
//   const drawn = augmented.draw(tools.key("augment", step), { count });   // uploads the parameters, before `sideBySide`
//   drawn.forward(tape.images, images);                                    // x′ into the tape, then the passes of the network
//   drawn.backward(dImages, tape.dImages);                                 // dx = Aᵀ·dx′
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

/** An op with the place of its parameters. */
type Placed = readonly [op: AugmentOp, parameters: Buffer];

/** The passes of what was drawn, until the next `draw` of the same images uploads other parameters. */
export class DrawnAugmentation {
  readonly #backend: Pick<Backend, "ops">;
  readonly #shape: ImagesShape;
  readonly #ops: readonly Placed[];

  constructor(backend: Pick<Backend, "ops">, shape: ImagesShape, ops: readonly Placed[]) {
    this.#backend = backend;
    this.#shape = shape;
    this.#ops = ops;
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

  // The first op takes x, and those after it are done in place. warp2d, which cannot be, is the first of all.
  #apply(pass: Pass, out: Buffer, x: Buffer): void {
    for (const [i, placed] of this.#ops.entries()) this.#record(placed, pass, out, i === 0 ? x : out);
  }

  #record([op, parameters]: Placed, pass: Pass, out: Buffer, x: Buffer): void {
    const { ops } = this.#backend;
    if (op === "recolor") ops.recolor(out, x, parameters, this.#shape, pass === "forward");
    else if (op === "cutout") ops.cutout(out, x, parameters, this.#shape);
    else if (pass === "backward") ops.warp2dBackward(out, x, parameters, this.#shape);
    else ops.warp2dForward(out, x, parameters, this.#shape);
  }
}

/** Draws what is done to the images of a batch; siamese with `groupOf`, as `DrawnImages` says. */
export interface AugmentationDraw extends Pick<DrawnImages, "groupOf"> {
  readonly key: RandomKey;
}

export class AugmentedImages {
  readonly #backend: Pick<Backend, "ops" | "upload" | "plan">;
  readonly #strategies: readonly AugmentStrategy[];
  readonly #image: ImageShape;
  readonly #shape: ImagesShape;
  /** The ops of the strategies, whose parameters lie one after the other. */
  readonly #ops: readonly Placed[];
  readonly #parameters: Buffer;
  readonly #floats: number;

  /** For images [c, h, w, lanes]. There is at least one strategy. */
  constructor(
    strategies: readonly AugmentStrategy[],
    image: ImageShape,
    lanes: number,
    backend: Pick<Backend, "ops" | "upload" | "plan">,
    allocator: Allocator,
  ) {
    const [channels, height, width] = image;
    const ops = opsOf(strategies);
    this.#backend = backend;
    this.#strategies = strategies;
    this.#image = image;
    this.#shape = { channels, height, width, lanes };
    this.#floats = ops.reduce((sum, op) => sum + rowsOf(op) * lanes, 0);
    this.#parameters = allocator.allocate(this.#floats);
    let at = this.#parameters;
    this.#ops = ops.map((op) => {
      const placed = [op, at] as const;
      at += rowsOf(op) * lanes;
      return placed;
    });
  }

  /** Draws what is done to the images: the same for the same key and positions. Nothing is drawn when its passes are recorded. */
  draw(key: RandomKey, images: DrawnImages): DrawnAugmentation {
    const { lanes } = this.#shape;
    const drawn = drawImages(this.#strategies, this.#image, key, images);
    this.#backend.upload(this.#parameters, this.#floats, (host) => {
      for (const [op, at] of this.#ops) parametersInto(host, at - this.#parameters, op, drawn, lanes);
    });
    const used = this.#ops.filter(([op]) => drawn.some((image) => image.op === op));
    return new DrawnAugmentation(this.#backend, this.#shape, this.#backend.plan.networksTogether ? this.#ops : used);
  }
}
