// The four passes of conv2d, by themselves and over weights below.
import { describe, test } from "vitest";
import { type Conv2dOptions, conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { checkLayers } from "./differences.ts";

const cases: readonly (readonly [input: ImageShape, options: Conv2dOptions, why: string])[] = [
  [[1, 1, 1], { out: 1, kernel: 1 }, "the least there is"],
  [[1, 4, 4], { out: 1, kernel: 1 }, "one weight, many positions"],
  [[3, 3, 3], { out: 2, kernel: 1 }, "channels only"],
  [[2, 3, 3], { out: 5, kernel: 1, stride: 2 }, "stride over single pixels"],
  [[1, 3, 3], { out: 2, kernel: 3 }, "one position"],
  [[1, 4, 4], { out: 2, kernel: 2 }, "even kernel"],
  [[1, 5, 5], { out: 2, kernel: 3 }, "odd kernel"],
  [[2, 5, 5], { out: 3, kernel: 3 }, "several channels"],
  [[3, 4, 4], { out: 1, kernel: 3 }, "one output channel"],
  [[1, 4, 4], { out: 4, kernel: 3 }, "a whole tile of output channels"],
  [[1, 4, 4], { out: 5, kernel: 3 }, "one more than a tile"],
  [[2, 5, 5], { out: 2, kernel: 3, bias: false }, "no bias"],
  [[1, 4, 4], { out: 2, kernel: 1, bias: false }, "no bias, single pixels"],
  [[1, 3, 3], { out: 2, kernel: 3, padding: 1 }, "same size"],
  [[2, 4, 4], { out: 2, kernel: 3, padding: 1, bias: false }, "same size, no bias"],
  [[1, 3, 3], { out: 2, kernel: 2, padding: 1 }, "even kernel, padded: grows"],
  [[1, 3, 3], { out: 1, kernel: 3, padding: 2 }, "full convolution"],
  [[1, 2, 2], { out: 2, kernel: 3, padding: 1 }, "kernel larger than the image"],
  [[1, 3, 3], { out: 2, kernel: 5, padding: 2 }, "LeNet's first layer in small"],
  [[1, 3, 3], { out: 1, kernel: 2, padding: 3 }, "windows of padding alone"],
  [[1, 5, 5], { out: 2, kernel: 3, stride: 2 }, "stride, exact"],
  [[1, 6, 6], { out: 2, kernel: 3, stride: 2 }, "stride leaves a rest unseen"],
  [[2, 5, 5], { out: 2, kernel: 2, stride: 2 }, "windows side by side, a rest"],
  [[1, 5, 5], { out: 2, kernel: 2, stride: 3 }, "stride over the kernel: gaps"],
  [[1, 7, 7], { out: 1, kernel: 3, stride: 3 }, "stride 3"],
  [[1, 5, 5], { out: 2, kernel: 3, stride: 2, padding: 1 }, "stride and padding"],
  [[2, 4, 4], { out: 3, kernel: 3, stride: 2, padding: 1, bias: false }, "stride and padding, a rest, no bias"],
  [[1, 6, 6], { out: 1, kernel: 4, stride: 3, padding: 2 }, "stride 3, padding 2"],
  [[1, 3, 6], { out: 2, kernel: 3 }, "wide image"],
  [[1, 6, 3], { out: 2, kernel: 2, padding: 1 }, "tall image"],
  [[1, 4, 5], { out: 2, kernel: [3, 1] }, "column kernel"],
  [[1, 4, 5], { out: 2, kernel: [1, 3] }, "row kernel"],
  [[2, 5, 4], { out: 2, kernel: [3, 2], padding: 1 }, "oblong kernel, padded"],
  [[1, 13, 13], { out: 8, kernel: 9, stride: 4 }, "stride, more taps than one pass of the data gradient has"],
  [[2, 5, 6], { out: 3, kernel: [2, 3], stride: 2 }, "oblong kernel, stride"],
  [[1, 4, 7], { out: 2, kernel: [2, 5], stride: 2, padding: 2 }, "everything at once"],
  [[1, 1, 6], { out: 2, kernel: [1, 3], padding: 0 }, "one row"],
];

describe("conv2d matches central differences", () => {
  cases.forEach(([input, options, why], i) => {
    const seed = 100 + i;
    const images = 1 + (i % 5);
    test(`${why}: [${input}] ${JSON.stringify(options)}, ${images} images`, async () => {
      await checkLayers(input, [conv2d(options), flatten(), linear({ out: 3 })], { seed, images });
    });
    test(`${why}, over weights below`, async () => {
      const below = conv2d({ out: input[0], kernel: 1 });
      await checkLayers(input, [below, conv2d(options), flatten(), linear({ out: 2 })], { seed, images: 2 });
    });
  });
});
