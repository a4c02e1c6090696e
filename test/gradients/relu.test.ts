// The four passes of ReLU, wherever it may stand: alone, in place over what a layer made, over the images themselves.
import { describe, expect, test } from "vitest";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { checkLayers, distinct, engines, floats, reference } from "./differences.ts";

const last = linear({ out: 3 });
const cases: readonly (readonly [why: string, input: ImageShape, layers: readonly Layer[]])[] = [
  ["after a linear layer", [4, 1, 1], [linear({ out: 6 }), relu(), last]],
  ["after a convolution", [2, 4, 4], [conv2d({ out: 3, kernel: 3 }), relu(), flatten(), last]],
  ["after a padded convolution", [1, 4, 4], [conv2d({ out: 2, kernel: 3, padding: 1 }), relu(), flatten(), last]],
  ["on the images", [1, 3, 3], [relu(), flatten(), last]],
  ["on the images, before a convolution", [1, 4, 4], [relu(), conv2d({ out: 2, kernel: 3 }), flatten(), last]],
  ["twice", [5, 1, 1], [linear({ out: 7 }), relu(), relu(), last]],
  ["twice on the images", [1, 3, 3], [relu(), relu(), flatten(), last]],
  ["before max pooling", [1, 6, 6], [conv2d({ out: 2, kernel: 3 }), relu(), maxPool2d({ kernel: 2 }), flatten(), last]],
  ["after max pooling", [1, 6, 6], [conv2d({ out: 2, kernel: 3 }), maxPool2d({ kernel: 2 }), relu(), flatten(), last]],
  ["on pooled images", [2, 4, 4], [maxPool2d({ kernel: 2 }), relu(), flatten(), last]],
  ["on pooled images, one layer up", [2, 4, 4], [relu(), maxPool2d({ kernel: 2 }), flatten(), last]],
  ["after flatten", [1, 4, 4], [conv2d({ out: 2, kernel: 3 }), flatten(), relu(), last]],
  ["on the logits", [6, 1, 1], [linear({ out: 5 }), relu()]],
  ["in three layers", [3, 1, 1], [linear({ out: 6 }), relu(), linear({ out: 5 }), relu(), last, relu()]],
];

describe("ReLU matches central differences", () => {
  cases.forEach(([why, input, layers], i) => {
    test(why, () => checkLayers(input, layers, { seed: 400 + i, images: 2 + (i % 4), draw: distinct }));
  });
});

test.each([reference, ...engines])("ReLU's derivative is 0 at 0, as in PyTorch, on $backend.name", async (engine) => {
  const net = await engine.bind(sequential([2, 1, 1], [relu(), linear({ out: 2, bias: false })]));
  const images = Float64Array.of(0, 1);
  const point = { parameters: floats(4, 1), images, targets: Uint8Array.of(1) };
  const gradients = await net.gradients(point);
  const product = await net.hessianVectorProduct({ ...point, vector: floats(4, 2) });
  for (const { images } of [gradients, product]) {
    expect(images[0]).toBe(0);
    expect(images[1]).not.toBe(0);
  }
});
