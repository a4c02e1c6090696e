// Finds images that are the same, float by float, in data sets and distilled sets.
import { batchInto, type Dataset, normalizedBytes } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { imageSize } from "../baselines/real-images.ts";
import type { TrainedOn } from "../fit-trainer.ts";

/** Calls `visit` with each image that networks are trained on, one after the other in the same array, until it returns true. */
export function someImage(of: TrainedOn | Dataset, visit: (image: Float32Array, i: number) => boolean): boolean {
  if ("images" in of) return someOfSet(of, visit);
  const data = "data" in of ? of.data : of;
  const tables = normalizedBytes(data);
  const image = new Float32Array(imageSize(data));
  for (let i = 0; i < data.count; i++) {
    batchInto(data, [i], image, tables);
    if (visit(image, i)) return true;
  }
  return false;
}

function someOfSet(set: DistilledSet, visit: (image: Float32Array, i: number) => boolean): boolean {
  const size = imageSize(set);
  for (let at = 0; at < set.images.length; at += size) {
    if (visit(set.images.subarray(at, at + size), at / size)) return true;
  }
  return false;
}

/** Images by a hash of their floats. */
export class KnownImages {
  readonly #byHash = new Map<number, Float32Array[]>();

  /** Adds a copy of the image. */
  add(image: Float32Array): void {
    const hash = hashOf(image);
    const others = this.#byHash.get(hash);
    if (others) others.push(image.slice());
    else this.#byHash.set(hash, [image.slice()]);
  }

  /** Returns whether it is one of them. */
  has(image: Float32Array): boolean {
    const alike = this.#byHash.get(hashOf(image)) ?? [];
    return alike.some((other) => other.length === image.length && other.every((value, p) => value === image[p]));
  }
}

/** FNV-1a over the words of the floats; 0 and −0 have one hash. */
function hashOf(image: Float32Array): number {
  let hash = 0x811c9dc5;
  const word = new Float32Array(1);
  const bits = new Int32Array(word.buffer);
  for (let p = 0; p < image.length; p++) {
    word[0] = image[p]! + 0;
    hash = Math.imul(hash ^ bits[0]!, 0x01000193);
  }
  return hash;
}
