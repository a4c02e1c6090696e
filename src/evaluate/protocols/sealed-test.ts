// The guard of a protocol: the test images are sealed until everything that can be chosen is settled. Choices are made on validation
// images, a tenth of the training images, which nobody trains on. So no choice can be made by the test images, whatever the code of
// a protocol does. docs/protocols.md describes this.
import type { Dataset } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { splitValidation } from "../baselines/validation.ts";
import type { Evaluation } from "../evaluation.ts";
import type { TrainedOn } from "../fit-trainer.ts";
import { KnownImages, someImage } from "./same-images.ts";

/** A protocol broke the rules of its guard. Its message says which. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** A training that may be chosen: what network `k` trains on, with its learning rate, epochs and augmentation. */
export interface Candidate {
  /** Names it in messages and reports. */
  readonly label: string;
  /** What network `k` is trained on. It is asked again for each accuracy. */
  readonly on: (network: number) => TrainedOn;
}

/** Trains networks on a candidate, and returns the accuracy of each after its last step on `images`. */
export type Measure<C extends Candidate> = (
  candidate: C,
  images: Dataset,
  use: "choose" | "test",
) => Promise<Evaluation>;

/** The images that a protocol works with. */
export interface SealedData {
  /** All training images. */
  readonly train: Dataset;
  readonly test: Dataset;
  /** The set that is judged. */
  readonly set: DistilledSet;
}

export class SealedTest<C extends Candidate> {
  /** The training images that are not held back for choices: baselines and whole-data networks that choose are made of them. */
  readonly rest: Dataset;
  /** The number of validation images. */
  readonly validationCount: number;
  readonly #validation: Dataset;
  readonly #held: KnownImages;
  readonly #test: Dataset;
  readonly #measure: Measure<C>;
  #settled: ReadonlySet<C> | undefined;
  readonly #tested = new Set<C>();

  /**
   * Holds back a tenth of each class of the training images, about 2,000 at most, for choices; of these it leaves out what is also in
   * the set or among the test images, so that no image is in two of them.
   *
   * @throws RangeError when no class has two images, or no image is left to choose by.
   */
  constructor({ train, test, set }: SealedData, measure: Measure<C>) {
    const { rest, validation } = splitValidation(train);
    this.rest = rest;
    this.#validation = without(validation, [set, test, rest]);
    if (this.#validation.count === 0) {
      throw new RangeError(
        `"train" expected images to choose by that are neither in the set nor among the test images, got none`,
      );
    }
    this.#held = knownImages(this.#validation);
    this.validationCount = this.#validation.count;
    this.#test = test;
    this.#measure = measure;
  }

  /**
   * Returns the accuracy of a candidate on the validation images. Throws ProtocolError after choices were settled, and when networks
   * would train on a validation image.
   */
  async validate(candidate: C): Promise<Evaluation> {
    if (this.#settled)
      throw new ProtocolError(`${candidate.label}: everything was settled before, so nothing can be chosen`);
    const on = (network: number): TrainedOn => {
      const trained = candidate.on(network);
      const leak = someImage(trained, (image) => this.#held.has(image));
      if (leak) throw new ProtocolError(`${candidate.label}: networks would train on an image that they are chosen by`);
      return trained;
    };
    return this.#measure({ ...candidate, on }, this.#validation, "choose");
  }

  /** Settles what will be tested, once and for all. Throws ProtocolError the second time. */
  settle(candidates: readonly C[]): void {
    if (this.#settled) throw new ProtocolError("expected one settlement of what is tested, got a second one");
    this.#settled = new Set(candidates);
  }

  /** Returns the test accuracy of a candidate. Throws ProtocolError for one that was not settled, or was tested before. */
  async test(candidate: C): Promise<Evaluation> {
    if (!this.#settled) {
      throw new ProtocolError(`${candidate.label}: the test images are sealed until all choices are settled`);
    }
    if (!this.#settled.has(candidate))
      throw new ProtocolError(`${candidate.label}: was not settled before the first test`);
    if (this.#tested.has(candidate)) throw new ProtocolError(`${candidate.label}: was tested before`);
    this.#tested.add(candidate);
    return this.#measure(candidate, this.#test, "test");
  }
}

/** Returns the images of `data` that are in none of the others. */
function without(data: Dataset, others: readonly (TrainedOn | Dataset)[]): Dataset {
  const own = knownImages(data);
  const found = new KnownImages();
  for (const other of others) {
    someImage(other, (image) => {
      if (own.has(image)) found.add(image);
      return false;
    });
  }
  const kept: number[] = [];
  someImage(data, (image, i) => {
    if (!found.has(image)) kept.push(i);
    return false;
  });
  if (kept.length === data.count) return data;
  const size = data.pixels.length / data.count;
  const pixels = new Uint8Array(kept.length * size);
  for (const [to, i] of kept.entries()) pixels.set(data.pixels.subarray(i * size, (i + 1) * size), to * size);
  return { ...data, pixels, labels: Uint8Array.from(kept, (i) => data.labels[i]!), count: kept.length };
}

function knownImages(data: Dataset): KnownImages {
  const known = new KnownImages();
  someImage(data, (image) => {
    known.add(image);
    return false;
  });
  return known;
}
