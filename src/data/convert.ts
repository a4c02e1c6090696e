// Converts a data set for another network: another size, a border, grey or RGB. The paper trains on USPS digits framed
// like MNIST's, and on MNIST in three channels. A split stays a split, with both parts normalised alike.
import { number } from "../checks/checks.ts";
import { checkSetOrSplit } from "./check-dataset.ts";
import type { Dataset, DatasetSplit, LabelledPixels } from "./dataset.ts";
import { luma } from "./image-set.ts";
import { datasetOf, splitOf } from "./normalize.ts";
import { bothSides, checkSize, fitCheck } from "./options.ts";
import { type Fit, fitTo, Resizer } from "./resize.ts";
import { checkUnwhitened } from "./whitening.ts";

const maximumBytes = 2 ** 31 - 1;
const maximumSide = 4096;

/** Converts a set, or both parts of a split. Statistics are measured again; both parts get those of the training part. */
function converted<T extends Dataset | DatasetSplit>(data: T, convert: (set: Dataset) => LabelledPixels): T {
  checkConvertible(data);
  if ("train" in data) return splitOf(convert(data.train), convert(data.test)) as DatasetSplit as T;
  return datasetOf(convert(data as Dataset)) as Dataset as T;
}

/** Throws unless these are data whose images are not whitened: a whitening is for images of one form. */
function checkConvertible(data: Dataset | DatasetSplit): void {
  checkSetOrSplit("data", data);
  for (const set of "train" in data ? [data.train, data.test] : [data]) checkUnwhitened("data", set);
}

/** Returns a data set without its measured fields. */
function labelled({ count: _, mean: __, std: ___, ...images }: Dataset): LabelledPixels {
  return images;
}

/**
 * Resizes the images, bicubic with antialiasing as Pillow does. Mean and std are measured again, for a split on its training
 * part. Give a split rather than its parts, so that both are normalised alike.
 *
 * @param size Side of the square, or [height, width].
 * @param fit For another shape: "cover" (default) resizes the shorter side and crops the centre, "squash" resizes both sides.
 * @throws RangeError for sizes outside 1..4,096, or a set above 2 GiB.
 * @example
 * const usps = resized(await loadDataset("data/usps"), 28); // 16 × 16 before
 */
export function resized<T extends Dataset | DatasetSplit>(
  data: T,
  size: number | readonly [height: number, width: number],
  fit: Fit = "cover",
): T {
  checkSize("size", size);
  fitCheck("fit", fit);
  const [outHeight, outWidth] = bothSides(size);
  return converted(data, (set) => {
    const { pixels, count, channels, height, width } = set;
    const resizer = new Resizer(width, height, fitTo(width, height, [outHeight, outWidth], fit));
    const out = new Uint8Array(bytesOf("size", count * channels, outHeight, outWidth));
    const plane = { data: pixels, rowStride: width, pixelStride: 1, width, height };
    for (let i = 0; i < count * channels; i++) {
      resizer.plane({ ...plane, offset: i * height * width }, out, i * outHeight * outWidth);
    }
    return { ...labelled(set), pixels: out, height: outHeight, width: outWidth };
  });
}

/**
 * Adds a black border, as torchvision's `Pad` does. Mean and std are measured again, for a split on its training part.
 *
 * The paper's USPS digits have such a border: MNIST's digits fill 20 of 28 pixels, those of the USPS files all 16. Networks
 * trained on MNIST recognise the framed ones (docs/results.md).
 *
 * @param padding The pixels on each side.
 * @throws RangeError for a padding that is not an integer from 0, or an image above 4,096 pixels, or a set above 2 GiB.
 * @example
 * const usps = padded(resized(await loadDataset("data/usps"), 22), 3); // 28 × 28
 */
export function padded<T extends Dataset | DatasetSplit>(data: T, padding: number): T {
  return converted(data, (set) => {
    const { pixels, count, channels, height, width } = set;
    const most = Math.floor((maximumSide - Math.max(height, width)) / 2);
    const inside = (padding: number): boolean => Number.isInteger(padding) && padding >= 0 && padding <= most;
    number(`an integer from 0 to ${most}`, inside)("padding", padding);
    const [outHeight, outWidth] = [height + 2 * padding, width + 2 * padding];
    const out = new Uint8Array(bytesOf("padding", count * channels, outHeight, outWidth));
    for (let row = 0; row < count * channels * height; row++) {
      const plane = Math.floor(row / height);
      const y = (row % height) + padding;
      out.set(pixels.subarray(row * width, (row + 1) * width), (plane * outHeight + y) * outWidth + padding);
    }
    return { ...labelled(set), pixels: out, height: outHeight, width: outWidth };
  });
}

/** Returns the bytes of so many planes. Throws a RangeError that names the option if a set may not have as many. */
function bytesOf(option: string, planes: number, height: number, width: number): number {
  const bytes = planes * height * width;
  if (bytes <= maximumBytes) return bytes;
  throw new RangeError(`"${option}" expected at most ${maximumBytes} bytes, got ${bytes}`);
}

/**
 * Makes grey images RGB, with three equal channels, each normalised as the one was (the paper's MNIST_RGB).
 *
 * @throws RangeError for images that are not grey.
 * @example
 * const rgb = toRgb(await digits());
 */
export function toRgb<T extends Dataset | DatasetSplit>(data: T): T {
  const convert = (set: Dataset): Dataset => {
    const { pixels, channels, height, width } = set;
    if (channels !== 1) throw new RangeError(`"data" expected grey images, got ${channels} channels`);
    const plane = height * width;
    const out = new Uint8Array(3 * pixels.length);
    for (let at = 0; at < pixels.length; at += plane) {
      const image = pixels.subarray(at, at + plane);
      for (const c of [0, 1, 2]) out.set(image, 3 * at + c * plane);
    }
    const three = ([value]: readonly number[]): number[] => [value!, value!, value!];
    return { ...set, pixels: out, channels: 3, mean: three(set.mean), std: three(set.std) };
  };
  checkConvertible(data);
  if ("train" in data) return { train: convert(data.train), test: convert(data.test) } as DatasetSplit as T;
  return convert(data as Dataset) as Dataset as T;
}

/**
 * Makes RGB images grey: ITU-R BT.601 luma, as Pillow converts. Mean and std are measured again, for a split on its training
 * part.
 *
 * @throws RangeError for images that are not RGB.
 * @example
 * const grey = toGrey(await loadDataset("cifar10")); // one channel
 */
export function toGrey<T extends Dataset | DatasetSplit>(data: T): T {
  return converted(data, (set) => {
    const { pixels, count, channels, height, width } = set;
    if (channels !== 3) throw new RangeError(`"data" expected RGB images, got ${channels} channels`);
    const plane = height * width;
    const out = new Uint8Array(count * plane);
    for (let i = 0; i < count; i++) {
      const red = 3 * i * plane;
      for (let p = 0; p < plane; p++) {
        out[i * plane + p] = luma(pixels[red + p]!, pixels[red + plane + p]!, pixels[red + 2 * plane + p]!);
      }
    }
    return { ...labelled(set), pixels: out, channels: 1 };
  });
}
