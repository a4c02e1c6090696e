// A chunk of real images on its way through a network: staged as users hold them, packed, passed. `stage…` uploads and
// `predicted` reads; `pass` and `predict` call ops alone, so that chunks can run side by side.
import type { Allocator } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import { type Buffer, type Floats, none, type OptionalBuffer } from "../backend/buffer.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { Network } from "../nn/network.ts";
import type { PreparedWeights, Weights } from "../nn/prepared.ts";
import type { Tape } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { AugmentStrategy } from "./augment-strategies.ts";
import { type AugmentationDraw, AugmentedImages, type DrawnAugmentation } from "./augmented-images.ts";
import type { Batch } from "./batch.ts";

export class ImageChunk {
  readonly #backend: Backend;
  readonly #network: Network;
  readonly #features: number;
  readonly #classes: number;
  /** Images or logits, and targets, row by row. */
  readonly #rows: Buffer;
  readonly #targetRows: Buffer;
  readonly #tape: Tape;
  /** The images before they are augmented, and what augments them; undefined where nothing does. */
  readonly #plain: { readonly images: Buffer; readonly augmented: AugmentedImages } | undefined;

  /** Makes room for up to `size` images, which `augment` may augment. */
  constructor(
    model: Model,
    backend: Backend,
    allocator: Allocator,
    size: number,
    loss?: Loss,
    augment: readonly AugmentStrategy[] = [],
  ) {
    this.#backend = backend;
    this.#features = elements(model.inputShape);
    this.#classes = model.classes;
    this.#rows = allocator.allocate(size * Math.max(this.#features, model.classes));
    this.#targetRows = allocator.allocate(size * model.classes);
    this.#network = new Network(model, backend, size, allocator, { loss });
    const images = allocator.allocate(this.#features * size);
    const targets = allocator.allocate(model.classes * size);
    this.#tape = this.#network.tape(allocator, images, targets, { images: false, targets: false });
    if (augment.length > 0) {
      const augmented = new AugmentedImages(augment, model.inputShape, this.#network.lanes, backend, allocator);
      this.#plain = { images: allocator.allocate(this.#features * size), augmented };
    }
  }

  /**
   * Fetches images `from`, `from` + 1, … of the batch and their targets. With a key it returns how they are augmented, which `pass`
   * takes.
   */
  stage(batch: Batch, from: number, images: number, augmentation?: AugmentationDraw): DrawnAugmentation | undefined {
    const targets = batch.hard ? images : images * this.#classes;
    this.#backend.upload(this.#rows, images * this.#features, (host) => batch.imagesInto(host, from));
    this.#backend.upload(this.#targetRows, targets, (host) => batch.targetsInto(host, from));
    if (!augmentation) return undefined;
    const { key, groupOf } = augmentation;
    return this.#plain?.augmented.draw(key, { count: images, first: from, groupOf });
  }

  /** Allocates room for weights that all chunks take; undefined if the layers take them as they are. */
  preparedWeights(allocator: Allocator): PreparedWeights | undefined {
    return this.#network.preparedWeights(allocator);
  }

  /** Prepares the weights at θ for this and for other chunks of the same size. */
  prepare(prepared: PreparedWeights, theta: Buffer): void {
    this.#network.prepare(prepared, theta);
  }

  /** Fetches images [n, c, h, w] alone. */
  stageImages(images: Floats): void {
    write(this.#backend, this.#rows, images);
  }

  /**
   * Records forward, loss and, unless dTheta is none, backward at `weights` over the staged images: dTheta (+)= their share of the
   * batch's mean gradient.
   */
  pass(
    weights: Weights,
    batch: Pick<Batch, "count" | "hard">,
    images: number,
    dTheta: OptionalBuffer,
    accumulate: boolean,
    random?: RandomKey,
    augmentation?: DrawnAugmentation,
  ): void {
    const { ops } = this.#backend;
    const tape = this.#tape;
    const classes = this.#classes;
    const shape = { images, lanes: this.#network.lanes };
    const packed = augmentation ? this.#plain!.images : tape.images;
    ops.packImages(packed, this.#rows, { features: this.#features, ...shape });
    augmentation?.forward(tape.images, packed);
    if (batch.hard) ops.oneHot(tape.targets, this.#targetRows, { classes, ...shape });
    else ops.packImages(tape.targets, this.#targetRows, { features: classes, ...shape });
    this.#network.forward(weights, tape, images, random);
    this.#network.loss(tape, images);
    if (dTheta === none) return;
    // The kernel divides by the images of the chunk; the mean over the batch is wanted.
    const share = images / batch.count;
    if (share !== 1) ops.scale(tape.dLogits, share, tape.dLogits, classes * this.#network.lanes);
    this.#network.backward(weights, tape, dTheta, accumulate);
  }

  /** Where each image's loss lies after `pass`. */
  get losses(): Buffer {
    return this.#tape.losses;
  }

  /** Records the logits of the staged images at each θ. In place of the images there must be room for them. */
  predict(thetas: readonly Weights[], images: number): void {
    const { ops } = this.#backend;
    const shape = { images, lanes: this.#network.lanes };
    const classes = this.#classes;
    ops.packImages(this.#tape.images, this.#rows, { features: this.#features, ...shape });
    for (const [k, theta] of thetas.entries()) {
      this.#network.forward(theta, this.#tape, images);
      ops.unpackImages(this.#rows + k * images * classes, this.#tape.logits, { features: classes, ...shape });
    }
  }

  /** Reads the logits [networks, images, classes], after `predict`. */
  predicted(images: number, networks: number): Promise<Floats> {
    return this.#backend.read(this.#rows, networks * images * this.#classes);
  }
}
