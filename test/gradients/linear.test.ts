// The four passes of linear and of flatten.
import { describe, test } from "vitest";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { checkLayers } from "./differences.ts";

describe("linear matches central differences", () => {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 17];
  const cases = sizes.flatMap((size, i) => [
    { features: size, out: sizes[sizes.length - 1 - i]!, bias: true, images: 1 + (i % 6) },
    { features: sizes[(i * 4 + 3) % sizes.length]!, out: size, bias: false, images: 1 + ((i + 3) % 6) },
  ]);
  cases.forEach(({ features, out, bias, images }, i) => {
    const seed = 200 + i;
    // Logits come from one more layer, or straight from this one where that is a classifier.
    const above = out > 1 && i % 3 === 0 ? [] : [linear({ out: 3 })];
    test(`${features} → ${out}, bias ${bias}, ${images} images`, async () => {
      await checkLayers([features, 1, 1], [linear({ out, bias }), ...above], { seed, images });
    });
    test(`${features} → ${out}, bias ${bias}, over weights below`, async () => {
      await checkLayers([3, 1, 1], [linear({ out: features }), linear({ out, bias }), ...above], { seed, images });
    });
  });
});

describe("flatten matches central differences", () => {
  const last = linear({ out: 3 });
  const cases: readonly (readonly [why: string, input: ImageShape, layers: readonly Layer[]])[] = [
    ["first", [1, 3, 3], [flatten(), last]],
    ["channels before rows before columns", [2, 2, 3], [flatten(), last]],
    ["of what is flat already", [4, 1, 1], [flatten(), last]],
    ["twice", [2, 3, 2], [flatten(), flatten(), last]],
    ["over a convolution", [2, 4, 3], [conv2d({ out: 3, kernel: 2 }), flatten(), last]],
    ["between ReLUs", [1, 3, 3], [conv2d({ out: 2, kernel: 2 }), relu(), flatten(), relu(), last]],
    ["before a ReLU that may not touch the images", [1, 2, 3], [flatten(), relu(), last]],
    ["last", [2, 3, 3], [conv2d({ out: 4, kernel: 3 }), flatten()]],
    ["before and after a linear layer", [1, 2, 2], [flatten(), linear({ out: 4 }), flatten(), last]],
  ];
  cases.forEach(([why, input, layers], i) => {
    test(why, () => checkLayers(input, layers, { seed: 300 + i, images: 1 + i }));
  });
});
