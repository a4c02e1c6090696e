// Real images of single classes, for methods that match classes one by one (docs/math.md §7).

import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { outOfRange } from "../checks/refusal.ts";
import { batchInto, classIndex, type Dataset, normalizedBytes } from "../data/dataset.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { AugmentStrategy } from "../inner/augment-strategies.ts";
import type { Batch } from "../inner/batch.ts";
import { WeightedFeatures } from "../inner/weighted-features.ts";
import type { Model } from "../nn/model.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { randomOrder } from "../numeric/random.ts";
import type { Parts } from "../platform/parts.ts";

/** The images of each class of a data set. */
export class ClassImages {
  readonly #data: Dataset;
  readonly #index: readonly Uint32Array[];
  readonly #tables: readonly Float32Array[];

  constructor(data: Dataset) {
    this.#data = data;
    this.#index = classIndex(data);
    this.#tables = normalizedBytes(data);
  }

  /** Floats of an image. */
  get size(): number {
    const { channels, height, width } = this.#data;
    return channels * height * width;
  }

  /** Draws so many images of a class without replacement, or all if there are fewer. Throws RangeError if there is none. */
  draw(label: number, count: number, key: RandomKey): number[] {
    const images = this.#index[label];
    if (!images?.length) throw outOfRange("data", `images of class ${label}`, "none");
    return randomOrder(images.length, Math.min(count, images.length), key).map((place) => images[place]!);
  }

  /**
   * Puts `perClass` images of each of so many classes, class by class, into the rows of `out` [classes·perClass, c, h, w], normalised.
   * `key(c)` draws those of class c; an image comes twice only if its class has too few.
   */
  ofEachInto(out: Floats, classes: number, perClass: number, key: (label: number) => RandomKey): void {
    const drawn = Array.from({ length: classes }, (_, c) => {
      const images = this.draw(c, perClass, key(c));
      return Array.from({ length: perClass }, (_, i) => images[i % images.length]!);
    });
    this.into(out, drawn.flat());
  }

  /** Puts images into `out` [n, c, h, w], normalised. */
  into(out: Floats, images: ArrayLike<number>): void {
    batchInto(this.#data, images, out, this.#tables);
  }
}

/** Which means are taken, and by which strategies the images may be augmented. */
interface MeansOptions {
  readonly classes: number;
  readonly perClass: number;
  readonly augment?: readonly AugmentStrategy[] | undefined;
}

/** Means of the features of real images, class by class. */
export class ClassMeans {
  readonly #data: Dataset;
  readonly #classes: number;
  readonly #perClass: number;
  readonly #features: WeightedFeatures;
  /** Made by the first step: a plan has no images. */
  #images: ClassImages | undefined;

  /** Takes means of the outputs of `features`, over at most `perClass` images of each of so many classes. */
  constructor(
    data: Dataset,
    features: Model,
    { classes, perClass, augment }: MeansOptions,
    backend: Backend,
    memory: Pick<Allocators, "realBatch">,
  ) {
    this.#data = data;
    this.#classes = classes;
    this.#perClass = perClass;
    const most = Math.min(data.count, classes * perClass);
    this.#features = new WeightedFeatures(features, classes, backend, memory.realBatch, most, augment);
  }

  /**
   * Records into [features, classes] the means at θ over the images of class c that `key(c)` draws, in parts. With strategies
   * `augmentation` draws how the images are augmented, all those of a class alike: class c is group c.
   */
  *record(theta: Buffer, key: (label: number) => RandomKey, into: Buffer, augmentation?: RandomKey): Parts {
    this.#images ??= new ClassImages(this.#data);
    const images = this.#images;
    const drawn = Array.from({ length: this.#classes }, (_, c) => images.draw(c, this.#perClass, key(c)));
    const labels = drawn.flatMap((ofClass, c) => ofClass.map(() => c));
    const siamese = augmentation && { key: augmentation, groupOf: (position: number): number => labels[position]! };
    yield* this.#features.sum(theta, meansOf(images, drawn), into, siamese);
  }
}

/** These images, class by class. The target of each is 1 / n for its class, which has n images, and 0 for the others. */
function meansOf(images: ClassImages, drawn: readonly (readonly number[])[]): Batch {
  const places = drawn.flat();
  const labels = drawn.flatMap((ofClass, c) => ofClass.map(() => c));
  const classes = drawn.length;
  return {
    count: places.length,
    hard: false,
    imagesInto: (out, from) => {
      images.into(out, places.slice(from, from + out.length / images.size));
    },
    targetsInto: (out, from) => {
      out.fill(0);
      for (let i = 0; i * classes < out.length; i++) {
        const label = labels[from + i]!;
        out[i * classes + label] = 1 / drawn[label]!.length;
      }
    },
  };
}
