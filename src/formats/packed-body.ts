// The arrays of a packed set: what is kept as it is, and levels of so many bits.
import type { DistilledSet } from "../distill/distilled-set.ts";
import { countsOf, type PackedHead } from "./packed-head.ts";
import { dequantize, type Quantized, quantize } from "./quantized.ts";

/** How many bits a target has that is not one-hot. */
export const targetBits = 8;

/** The arrays as they are coded, made for reading and filled by it. */
export interface PackedBody {
  /** mean, std as float64 and learning rates as float32, as bytes. */
  readonly exact: Uint8Array<ArrayBuffer>;
  /** low and step of the targets' levels, then of each image's. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** The class of each image, if targets are one-hot. */
  readonly labels: Uint16Array;
  /** The levels of targets that are not one-hot. */
  readonly targets: Uint8Array;
  /** The levels of the images. */
  readonly pixels: Uint8Array;
}

/** Makes the arrays for a head that `countsOf` has found small enough. */
export function emptyBody(head: PackedHead): PackedBody {
  const { images, size, rates } = countsOf(head)!;
  return {
    exact: new Uint8Array(16 * head.shape[0] + 4 * rates),
    scales: new Float32Array(2 * (images + 1)),
    labels: new Uint16Array(head.oneHot ? images : 0),
    targets: new Uint8Array(head.oneHot ? 0 : images * head.classes),
    pixels: new Uint8Array(images * size),
  };
}

/** Returns the arrays of a set, with levels in the place of its numbers. */
export function bodyOf(set: DistilledSet, head: PackedHead): PackedBody {
  const { images, size } = countsOf(head)!;
  const body = emptyBody(head);
  exactParts(body, head).mean.set(set.mean);
  exactParts(body, head).std.set(set.std);
  body.exact.set(bytesOf(set.learningRates), 16 * head.shape[0]);
  const put = (row: number, { low, step, levels }: Quantized, to: Uint8Array, at: number): void => {
    body.scales.set([low, step], 2 * row);
    to.set(levels, at);
  };
  for (let i = 0; head.oneHot && i < images; i++) {
    body.labels[i] = set.targets.subarray(i * head.classes, (i + 1) * head.classes).indexOf(1);
  }
  if (!head.oneHot) put(0, quantize(set.targets, targetBits), body.targets, 0);
  for (let i = 0; i < images; i++) {
    put(i + 1, quantize(set.images.subarray(i * size, (i + 1) * size), head.bits), body.pixels, i * size);
  }
  return body;
}

/** Returns the set that the arrays stand for. Nothing of it is checked. */
export function setOf(head: PackedHead, body: PackedBody): DistilledSet {
  const { images, size } = countsOf(head)!;
  const { bits, steps, epochs, imagesPerStep, shape, classes, oneHot, momentum, weightDecay, training, recipe } = head;
  const [channels, height, width] = shape;
  const { mean, std, learningRates } = exactParts(body, head);
  const pixels = new Float32Array(images * size);
  const targets = new Float32Array(images * classes);
  const row = (i: number, levels: Uint8Array): Quantized => {
    return { low: body.scales[2 * i]!, step: body.scales[2 * i + 1]!, levels };
  };
  for (let i = 0; i < images; i++) {
    const [from, to] = [i * size, (i + 1) * size];
    dequantize(row(i + 1, body.pixels.subarray(from, to)), pixels.subarray(from, to));
    if (oneHot) targets[i * classes + body.labels[i]!] = 1;
  }
  if (!oneHot) dequantize(row(0, body.targets), targets);
  return {
    ...{ steps, epochs, imagesPerStep, channels, height, width, classes },
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { weightDecay }),
    ...(training !== undefined && { training }),
    ...{ images: pixels, targets, learningRates, mean: Array.from(mean), std: Array.from(std) },
    recipe: { ...recipe, packed: { bits } },
  };
}

/** Returns views of what is kept as it is. */
function exactParts({ exact }: PackedBody, { shape: [channels] }: PackedHead) {
  return {
    mean: new Float64Array(exact.buffer, 0, channels),
    std: new Float64Array(exact.buffer, 8 * channels, channels),
    learningRates: new Float32Array(exact.buffer, 16 * channels),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
