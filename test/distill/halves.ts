// A data set that a tiny network learns very fast: images that are brighter in their upper, lower or left half, under
// noise.
import type { Dataset } from "../../src/data/dataset.ts";
import { statistics } from "../../src/data/normalize.ts";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { paint } from "../helpers.ts";

/** Returns whether a pixel of a class is in its bright half. */
const halves: readonly ((row: number, column: number, size: number) => boolean)[] = [
  (row, _, size) => row < size / 2,
  (row, _, size) => row >= size / 2,
  (_, column, size) => column < size / 2,
];

/** Makes `count` images of `size` × `size` pixels, classes in turn. The same seed gives the same images. */
export function brightHalves(options: { count: number; classes?: number; size?: number; seed?: number }): Dataset {
  const { count, classes = 3, size = 6, seed = 1 } = options;
  const noise = paint(count * size * size, seed, 90);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const pixels = Uint8Array.from(noise, (value, at) => {
    const image = Math.floor(at / (size * size));
    const row = Math.floor(at / size) % size;
    return (halves[labels[image]!]!(row, at % size, size) ? 160 : 95) + value;
  });
  const shape = { channels: 1, height: size, width: size };
  return { name: "bright halves", pixels, labels, count, classes, ...shape, ...statistics(pixels, 1, size, size) };
}

/** A convolutional network of some hundred parameters for these images. */
export function halvesNet({ classes = 3, size = 6 } = {}): Model {
  return sequential(
    [1, size, size],
    [conv2d({ out: 4, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: classes })],
  );
}

/** Returns what distinguishes an image from the others: its bytes, or the same after normalising. */
export function imageKey({ pixels }: Dataset, index: number): string {
  return pixels.subarray(index * 36, (index + 1) * 36).join();
}

export function valueKey({ mean, std }: Dataset, image: Float32Array): string {
  return Array.from(image, (value) => Math.round((value * std[0]! + mean[0]!) * 255)).join();
}
