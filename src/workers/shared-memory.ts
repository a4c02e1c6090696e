// Puts data sets and weights into memory that all workers see, if the host has such memory.
import type { Backend } from "../backend/backend.ts";
import type { Floats } from "../backend/buffer.ts";
import type { Dataset } from "../data/dataset.ts";
import type { WhitenedImages } from "../data/whitening.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import { arrayKind, isSharedBuffer } from "../kinds.ts";
import { canShareMemory } from "../platform/platform.ts";

/** Returns the data set in memory that all workers see, or else as a copy that is small to clone. */
export function shareable({ pixels, labels, whitened, ...data }: Dataset): Dataset {
  const { name, count, channels, height, width, classes, classNames, absentClasses, mean, std } = data;
  return {
    ...{ name, count, channels, height, width, classes, mean, std },
    ...(classNames && { classNames }),
    ...(absentClasses && { absentClasses }),
    pixels: shared(pixels),
    labels: shared(labels),
    ...(whitened && { whitened: shareableImages(whitened) }),
  };
}

function shareableImages({ epsilon, mean, matrix, images }: WhitenedImages): WhitenedImages {
  return { epsilon, mean: shared(mean), matrix: shared(matrix), images: shared(images) };
}

/** Does the same for the weights of a pool, so that they are not copied for each worker. */
export function shareableInit(init: WeightSource): WeightSource {
  if (init.kind === "experts") {
    return { ...init, trajectories: init.trajectories.map((trajectory) => trajectory.map(shared)) };
  }
  return init.kind === "pretrained" ? { ...init, weights: init.weights.map(shared) } : init;
}

/** Returns an array of so many floats in memory that all workers see; undefined if the host has none. */
export function sharedFloats(floats: number, Kind: Backend["Floats"]): Floats | undefined {
  if (typeof SharedArrayBuffer !== "function" || !canShareMemory()) return undefined;
  const Shared = Kind as unknown as new (buffer: SharedArrayBuffer) => Floats;
  return new Shared(new SharedArrayBuffer(floats * Kind.BYTES_PER_ELEMENT));
}

function shared<T extends Uint8Array | Floats>(array: T): T {
  // Pages have such memory only if they are isolated from others.
  if (typeof SharedArrayBuffer !== "function" || !canShareMemory()) return array.slice() as T;
  if (isSharedBuffer(array.buffer)) return array;
  const Kind = { Uint8Array, Float32Array, Float64Array }[arrayKind(array) as "Uint8Array"] as unknown as new (
    buffer: SharedArrayBuffer,
  ) => T;
  const copy = new Kind(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
