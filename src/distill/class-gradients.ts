// Gradients that real images of single classes give a network, for methods that match them (docs/math.md §11).

import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { AugmentStrategy } from "../inner/augment-strategies.ts";
import type { AugmentationDraw } from "../inner/augmented-images.ts";
import type { Batch } from "../inner/batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Parts } from "../platform/parts.ts";
import { ClassImages } from "./class-images.ts";
import type { Problem } from "./config.ts";

/** Which images are taken, and by which strategies they may be augmented. */
interface GradientOptions {
  readonly perClass: number;
  readonly augment?: readonly AugmentStrategy[] | undefined;
}

export class ClassGradients {
  readonly #problem: Problem;
  readonly #perClass: number;
  readonly #augments: boolean;
  readonly #batch: RealBatch;
  /** The loss of the images, which nobody reads. */
  readonly #loss: Buffer;
  /** Made by the first step: a plan has no images. */
  #images: ClassImages | undefined;

  /** Takes gradients of at most `perClass` images of a class. */
  constructor(
    problem: Problem,
    { perClass, augment = [] }: GradientOptions,
    backend: Backend,
    { realBatch }: Pick<Allocators, "realBatch">,
  ) {
    const { data, model, loss } = problem;
    this.#problem = problem;
    this.#perClass = perClass;
    this.#augments = augment.length > 0;
    this.#batch = new RealBatch(model, backend, realBatch, Math.min(perClass, data.count), loss, augment);
    this.#loss = realBatch.allocate(1);
  }

  /** Records into [parameters] the mean gradient at θ over the images of a class that `key` draws, in parts. */
  *record(theta: Buffer, label: number, key: RandomKey, into: Buffer, augmentation: AugmentationDraw): Parts {
    this.#images ??= new ClassImages(this.#problem.data);
    const batch = ofClass(this.#images, label, this.#images.draw(label, this.#perClass, key));
    yield* this.#batch.loss(theta, batch, into, this.#loss, undefined, this.#augments ? augmentation : undefined);
  }
}

/** These images, all of one class. */
function ofClass(images: ClassImages, label: number, drawn: readonly number[]): Batch {
  return {
    count: drawn.length,
    hard: true,
    imagesInto: (out: Floats, from: number) => images.into(out, drawn.slice(from, from + out.length / images.size)),
    targetsInto: (out: Floats) => {
      out.fill(label);
    },
  };
}
