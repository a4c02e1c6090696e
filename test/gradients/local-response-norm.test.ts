// The four passes of local response norm: windows odd and even, narrower and wider than the channels.
import { describe, test } from "vitest";
import { relu, softplus, tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { localResponseNorm } from "../../src/nn/local-response-norm.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { checkLayers, distinct } from "./differences.ts";

const last = [flatten(), linear({ out: 3 })];

// Strong enough that s^−β is far from 1, and its curvature from 0.
const settings = [
  { size: 1, alpha: 2, beta: 0.75, k: 1 },
  { size: 2, alpha: 1.5, beta: 0.75, k: 1 },
  { size: 3, alpha: 3, beta: 0.5, k: 0.5 },
  { size: 4, alpha: 2, beta: 0.75, k: 1 },
  { size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 },
  { size: 5, alpha: 4, beta: 1.25, k: 2 },
  { size: 6, alpha: 5, beta: -0.4, k: 1 },
  { size: 11, alpha: 9, beta: 0.9, k: 0.7 },
] as const;

describe.each(settings)("local response norm %j matches central differences", (options) => {
  test.each([1, 2, 3, 5, 10])("on %d images", async (images) => {
    const seed = 900 + images;
    await checkLayers([5, 1, 1], [localResponseNorm(options), ...last], { seed, images });
    await checkLayers([4, 3, 1], [localResponseNorm(options), ...last], { seed, images });
    await checkLayers([2, 2, 3], [conv2d({ out: 6, kernel: 2 }), localResponseNorm(options), ...last], {
      seed,
      images,
    });
  });

  test("in a network, before and after pooling", async () => {
    const layers = [
      conv2d({ out: 5, kernel: 3, padding: 1 }),
      relu(),
      maxPool2d({ kernel: 2 }),
      localResponseNorm(options),
      conv2d({ out: 6, kernel: 1 }),
      localResponseNorm(options),
      maxPool2d({ kernel: 2 }),
    ];
    await checkLayers([1, 4, 4], [...layers, ...last], { seed: 950, images: 2, draw: distinct });
  });

  // Activations that work in place, and read again what they left there or what a norm did.
  test("between smooth activations", async () => {
    const layers = [tanh(), localResponseNorm(options), tanh(), avgPool2d({ kernel: 2 }), localResponseNorm(options)];
    const below = conv2d({ out: 5, kernel: 2 });
    await checkLayers([1, 3, 5], [below, ...layers, softplus(), ...last], { seed: 955, images: 3 });
  });

  test("one over another, under ReLU on the images", async () => {
    const layers = [relu(), localResponseNorm(options), localResponseNorm(options)];
    await checkLayers([4, 2, 2], [...layers, ...last], { seed: 960, images: 3 });
  });
});
