// A data set without meaning, for tests of a run's memory and of its bits.
import type { Dataset } from "../../src/data/dataset.ts";
import { statistics } from "../../src/data/normalize.ts";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { paint } from "../helpers.ts";

export interface NoiseOptions {
  readonly count: number;
  readonly classes?: number;
  readonly channels?: number;
  readonly size?: number;
  readonly seed?: number;
}

/** Makes `count` images of noise, classes in turn. The same seed gives the same images. */
export function noise({ count, classes = 10, channels = 1, size = 28, seed = 1 }: NoiseOptions): Dataset {
  const pixels = Uint8Array.from(paint(count * channels * size * size, seed, 127.5), (value) => value + 127.5);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const shape = { channels, height: size, width: size };
  return { name: "noise", pixels, labels, count, classes, ...shape, ...statistics(pixels, channels, size, size) };
}

/** Two convolutions, one of them strided, for noise of two channels and 9 × 9 pixels in three classes. */
export function smallConvNet(): Model {
  return sequential(
    [2, 9, 9],
    [
      conv2d({ out: 5, kernel: 3, padding: 1 }),
      relu(),
      maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      conv2d({ out: 7, kernel: 3, stride: 2, bias: false }),
      relu(),
      flatten(),
      linear({ out: 3 }),
    ],
  );
}
