// Real images to test networks on, normalised once for all of them.
import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { batchInto, type Dataset } from "../data/dataset.ts";
import type { AbortSignal } from "../host-types.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { doneInParts } from "../platform/parts.ts";
import { accuracyOf, type Confusion, confusionOf } from "./confusion.ts";

export class TestImages {
  readonly #test: Dataset;
  readonly #classes: number;
  readonly #images: Float32Array;
  readonly #batch: RealBatch;

  /** `images`: those of another one that tests on the same. */
  constructor(
    test: Dataset,
    model: Model,
    backend: Backend,
    allocator: Allocator,
    images: Float32Array = normalized(test, model),
  ) {
    this.#test = test;
    this.#classes = model.classes;
    this.#images = images;
    this.#batch = new RealBatch(model, backend, allocator, test.count);
  }

  get images(): Float32Array {
    return this.#images;
  }

  /** Returns the share of the images that the network θ reads as their labels say. */
  async accuracy(theta: Buffer, signal?: AbortSignal): Promise<number> {
    const [confusion] = await doneInParts(this.confusions([theta]), signal);
    return accuracyOf(confusion!);
  }

  /** Returns how the networks of these θ read the images of each class: records that in parts. */
  *confusions(thetas: readonly Buffer[]): Generator<unknown, Promise<Confusion[]>> {
    const { labels, count } = this.#test;
    const logits = yield* this.#batch.logitsParts(thetas, this.#images, count);
    const confusion = (rows: Floats): Confusion =>
      confusionOf(predictedClasses(rows, this.#classes), labels, this.#classes);
    return logits.then((networks) => networks.map(confusion));
  }
}

function normalized(test: Dataset, { inputShape }: Model): Float32Array {
  const images = new Float32Array(test.count * elements(inputShape));
  const all = Uint32Array.from({ length: test.count }, (_, i) => i);
  batchInto(test, all, images);
  return images;
}

/** Returns the class of the largest logit of each row, the first of equal ones. */
export function predictedClasses(logits: ArrayLike<number>, classes: number): Uint8Array {
  const out = new Uint8Array(logits.length / classes);
  for (let i = 0; i < out.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[i * classes + k]! > logits[i * classes + best]!) best = k;
    out[i] = best;
  }
  return out;
}
