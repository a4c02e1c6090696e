// The four passes of instance, group and batch norm: with and without weights, on maps and flat, over images and over
// weights, for every number of images that leaves other padding.
import { describe, expect, test } from "vitest";
import { relu, softplus, tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d, type NormOptions } from "../../src/nn/norm.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { checkLayers, floats, reference } from "./differences.ts";

const last = [flatten(), linear({ out: 3 })];
const imageCounts = [1, 2, 3, 5, 10];

type Make = (options: NormOptions) => Layer;
interface Kind {
  readonly name: string;
  readonly make: Make;
  /** Channels of every case: what the groups divide. */
  readonly channels: number;
  /** Maps, and images where fewer would leave nothing to normalise. */
  readonly maps: readonly (readonly [height: number, width: number, leastImages?: number])[];
}

const instance: Kind = {
  name: "instance norm",
  make: instanceNorm2d,
  channels: 3,
  maps: [
    [1, 3],
    [2, 2],
    [3, 5],
  ],
};
const kinds: readonly Kind[] = [
  instance,
  {
    ...instance,
    name: "group norm, 2 groups",
    make: (o) => groupNorm({ groups: 2, ...o }),
    channels: 6,
    maps: [
      [1, 1],
      [2, 3],
      [3, 3],
    ],
  },
  {
    ...instance,
    name: "group norm, 3 groups",
    make: (o) => groupNorm({ groups: 3, ...o }),
    channels: 6,
    maps: [
      [1, 3],
      [2, 2],
    ],
  },
  {
    ...instance,
    name: "group norm, 1 group",
    make: (o) => groupNorm({ groups: 1, ...o }),
    channels: 5,
    maps: [
      [1, 1],
      [3, 2],
    ],
  },
  {
    ...instance,
    name: "batch norm",
    make: batchNorm2d,
    channels: 3,
    maps: [
      [1, 1, 3],
      [1, 3],
      [3, 3],
    ],
  },
];

describe.each(kinds)("$name matches central differences", ({ make, channels, maps }) => {
  const cases = maps.flatMap(([height, width, leastImages = 1]) =>
    imageCounts.filter((images) => images >= leastImages).map((images) => ({ height, width, images })),
  );
  test.each(cases)("on $images images of $height × $width", async ({ height, width, images }) => {
    const input: ImageShape = [channels, height, width];
    await checkLayers(input, [make({}), ...last], { seed: 800 + images, images });
    await checkLayers(input, [make({ affine: false }), ...last], { seed: 810 + images, images });
  });

  // Over weights, where the input has a tangent of its own.
  test.each(cases)("over a convolution, on $images images of $height × $width", async ({ height, width, images }) => {
    const below = conv2d({ out: channels, kernel: 2, bias: false });
    const input: ImageShape = [2, height + 1, width + 1];
    await checkLayers(input, [below, make({ affine: images % 2 === 0 }), ...last], { seed: 820 + images, images });
  });

  test.each([1e-1, 1e-3])("with eps %s", async (eps) => {
    await checkLayers([channels, 2, 3], [make({ eps }), ...last], { seed: 830, images: 4 });
  });

  test("in a network", async () => {
    const layers = [
      conv2d({ out: channels, kernel: 3, padding: 1 }),
      make({}),
      relu(),
      maxPool2d({ kernel: 2 }),
      conv2d({ out: channels, kernel: 2 }),
      make({ affine: false }),
      relu(),
    ];
    await checkLayers([1, 6, 6], [...layers, ...last], { seed: 840, images: 3 });
  });

  // Activations that work in place, and read again what they left there or what a norm did.
  test("between smooth activations", async () => {
    const layers = [tanh(), make({}), tanh(), avgPool2d({ kernel: 2, stride: 1 }), make({}), softplus()];
    const below = conv2d({ out: channels, kernel: 2 });
    await checkLayers([1, 4, 5], [below, ...layers, ...last], { seed: 845, images: 3 });
  });

  test("one over another, under ReLU on the images, and on the logits", async () => {
    await checkLayers([channels, 2, 2], [relu(), make({}), make({ eps: 0.1 }), ...last], { seed: 850, images: 3 });
    if (make === instanceNorm2d) return;
    await checkLayers([2, 2, 2], [flatten(), linear({ out: 2 * channels }), make({})], { seed: 860, images: 5 });
  });
});

test("a map that is the same everywhere becomes the bias, and moves nothing", async () => {
  const model = sequential([2, 2, 2], [instanceNorm2d(), flatten(), linear({ out: 2, bias: false })]);
  const net = await reference.bind(model);
  const parameters = floats(model.parameterCount, 1);
  const [shift0, shift1] = parameters.subarray(2, 4) as unknown as [number, number];
  const images = Float64Array.from([3, 3, 3, 3, -1, -1, -1, -1]);
  const { logits } = await net.forward({ parameters, images });
  const weights = parameters.subarray(4);
  const rowSum = (from: number): number => weights.subarray(from, from + 4).reduce((a, b) => a + b);
  expect(logits[0]).toBeCloseTo(shift0 * rowSum(0) + shift1 * rowSum(4), 12);
  expect(logits[1]).toBeCloseTo(shift0 * rowSum(8) + shift1 * rowSum(12), 12);
  const { parameters: gradient } = await net.gradients({ parameters, images, targets: Uint8Array.of(1) });
  expect([...gradient.subarray(0, 2)]).toEqual([0, 0]);
});
