// Training augmentations of the paper: CIFAR-10's reflect-pad, crop and flip, and the resized crop and flip of photographs.
// Each image draws from its own place of an addressed stream, so that a batch is a function of (key, position): it does
// not matter who augments it, or which other images are augmented with it.

import { bytes as checkBytes, floats, kind, whole, wholeNumber } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { logUniform } from "../numeric/elementary.ts";
import { type RandomKey, uniforms } from "../numeric/philox.ts";
import { keyCheck } from "../numeric/random.ts";
import type { Augmentation, ResizedCropRanges } from "./augment-options.ts";
import { type AugmentShape, checkAugmentation } from "./check-augmentation.ts";
import { checkDataset } from "./check-dataset.ts";
import { type Dataset, normalizedBytes } from "./dataset.ts";
import { fitTo, Resizer } from "./resize.ts";

export type { Augmentation, ResizedCropRanges } from "./augment-options.ts";
export type { AugmentShape } from "./check-augmentation.ts";

/** As torchvision; then the largest central part within the ratios. */
const attempts = 10;

const shapeCheck = thing("the shape of an image", { channels: whole(1), height: whole(1), width: whole(1) });
const indicesCheck = kind("an array of indices", (value) => Array.isArray(value) || ArrayBuffer.isView(value));

/** Mirrors `i`, counted from 0, at the first and the last of `n` pixels, which are not repeated. */
function reflected(i: number, n: number): number {
  const at = Math.abs(i);
  return at < n ? at : 2 * (n - 1) - at;
}

/** Draws a part of an image for a resized crop. */
function drawPart(
  { height, width }: AugmentShape,
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] }: ResizedCropRanges,
  key: RandomKey,
  position: number,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const [u, v, x, y] = uniforms(key, position, attempt);
    const area = height * width * (scale[0] + u * (scale[1] - scale[0]));
    const aspect = logUniform(v, ...ratio);
    const [w, h] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { left: Math.floor(x * (width - w + 1)), top: Math.floor(y * (height - h + 1)), width: w, height: h };
  }
  const w = Math.max(1, Math.min(width, Math.round(height * ratio[1])));
  const h = Math.max(1, Math.min(height, Math.round(width / ratio[0])));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

/** Writes one augmented image, [channels, height, width], from `pixels` at `from` to `out` at `to`. */
function augmentImage(
  pixels: Uint8Array,
  from: number,
  out: Uint8Array,
  to: number,
  shape: AugmentShape,
  { crop = 0, flip = false, resizedCrop = false }: Augmentation,
  key: RandomKey,
  position: number,
): void {
  const { channels, height, width } = shape;
  const plane = height * width;
  const [u, v, mirror] = uniforms(key, position, 0);
  const mirrored = flip && mirror < 0.5;
  if (resizedCrop) {
    const part = drawPart(shape, resizedCrop === true ? {} : resizedCrop, key, position);
    const resizer = new Resizer(part.width, part.height, fitTo(part.width, part.height, [height, width], "squash"));
    const offset = from + part.top * width + part.left;
    const source = { data: pixels, rowStride: width, pixelStride: 1, width: part.width, height: part.height };
    for (let c = 0; c < channels; c++) resizer.plane({ ...source, offset: offset + c * plane }, out, to + c * plane);
    if (!mirrored) return;
    for (let row = to; row < to + channels * plane; row += width) out.subarray(row, row + width).reverse();
    return;
  }
  const top = Math.floor(u * (2 * crop + 1)) - crop;
  const left = Math.floor(v * (2 * crop + 1)) - crop;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = from + c * plane + reflected(y + top, height) * width;
      const at = to + c * plane + y * width;
      for (let x = 0; x < width; x++) {
        out[at + x] = pixels[row + reflected((mirrored ? width - 1 - x : x) + left, width)]!;
      }
    }
  }
}

/**
 * Returns augmented copies of images.
 *
 * @param pixels [n, channels, height, width]
 * @param key The key of this batch, such as `randomKey(seed, "augment", step)`.
 * @param first The position in the batch of the first of these images; a batch may be augmented in pieces.
 * @throws TypeError or RangeError for an augmentation that is impossible for such images, or an incomplete image.
 * @example
 * const shape = { channels: 3, height: 32, width: 32 };
 * const crops = augmented(pixels, shape, { crop: 4, flip: true }, randomKey(1, "augment", step));
 */
export function augmented(
  pixels: Uint8Array,
  shape: AugmentShape,
  augmentation: Augmentation,
  key: RandomKey,
  first: number = 0,
): Uint8Array {
  checkBytes("pixels", pixels);
  shapeCheck("shape", shape);
  checkAugmentation(augmentation, shape);
  keyCheck("key", key);
  wholeNumber("first", first, 0);
  const image = shape.channels * shape.height * shape.width;
  if (pixels.length % image !== 0)
    throw new RangeError(`"pixels" expected a multiple of ${image}, got ${pixels.length}`);
  const out = new Uint8Array(pixels.length);
  for (let i = 0; i * image < out.length; i++) {
    augmentImage(pixels, i * image, out, i * image, shape, augmentation, key, first + i);
  }
  return out;
}

/**
 * Gathers, augments and normalises images: `batchInto` of data sets, with an augmentation between.
 *
 * @example
 * const batches = new AugmentedBatches(train, { crop: 4, flip: true });
 * const out = new Float32Array(2 * train.channels * train.height * train.width);
 * batches.into([7, 42], out, randomKey(1, "augment", step));
 */
export class AugmentedBatches {
  readonly #dataset: Dataset;
  readonly #augmentation: Augmentation;
  readonly #tables: readonly Float32Array[];
  readonly #image: Uint8Array;

  /**
   * Throws TypeError or RangeError for an augmentation that is impossible for these images, or a data set whose fields do
   * not fit.
   */
  constructor(dataset: Dataset, augmentation: Augmentation) {
    this.#dataset = checkDataset("dataset", dataset);
    this.#augmentation = checkAugmentation(augmentation, dataset);
    this.#tables = normalizedBytes(dataset);
    this.#image = new Uint8Array(dataset.channels * dataset.height * dataset.width);
  }

  /**
   * Writes the images at `indices`, augmented and normalised. It allocates only the draws and, with a resized crop, its
   * weights.
   *
   * @param out [n, channels, height, width]
   * @param key The key of the batch.
   * @param first The position in the batch of the first index; a batch gives the same images in whatever pieces.
   * @throws RangeError when `out` has another length or an index is out of range.
   */
  into(indices: ArrayLike<number>, out: Float32Array | Float64Array, key: RandomKey, first: number = 0): void {
    indicesCheck("indices", indices);
    floats("out", out);
    keyCheck("key", key);
    wholeNumber("first", first, 0);
    const { pixels, count, channels, height, width } = this.#dataset;
    const image = this.#image.length;
    const plane = height * width;
    if (out.length !== indices.length * image) {
      throw new RangeError(`"out" expected a length of ${indices.length * image}, got ${out.length}`);
    }
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new RangeError(`"indices[${i}]" expected integer in 0..${count - 1}, got ${index}`);
      }
      augmentImage(pixels, index * image, this.#image, 0, this.#dataset, this.#augmentation, key, first + i);
      for (let c = 0; c < channels; c++) {
        const table = this.#tables[c]!;
        for (let p = c * plane; p < (c + 1) * plane; p++) out[i * image + p] = table[this.#image[p]!]!;
      }
    }
  }
}
