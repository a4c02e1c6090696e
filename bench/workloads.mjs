// The whole steps that are measured, the same for every library; inputs.mjs has their inputs, expected.json their results.
//
//   back-gradient   the loss on real images after S·E inner steps of SGD on S blocks of synthetic images, and its gradient
//                   by all images and learning rates (Wang et al. 2018; docs/math.md §2)
//   matching        the distance between the weights' gradients on real and on synthetic images, and its gradient by the
//                   synthetic images (Zhao et al. 2021; docs/math.md §3)
import { readFileSync } from "node:fs";
import { alexCifarNet, convNet, flatten, lenet, linear, sequential } from "../dist/index.js";

/**
 * The sizes of each workload, which every library gets. `rounds` timings are taken in turn with its peers, after as many
 * `warmUps` as V8 needs to compile what they call, which it does on threads of its own.
 */
export const workloads = [
  {
    id: "lenet-1x3",
    title: "LeNet, fixed 1×3, 10 images",
    network: "lenet",
    method: "back-gradient",
    steps: 1,
    epochs: 3,
    imagesPerStep: 10,
    real: 1024,
    learningRate: 0.02,
    rounds: 15,
    warmUps: 30,
  },
  {
    id: "lenet-10x3",
    title: "LeNet, 10×3, 100 images",
    network: "lenet",
    method: "back-gradient",
    steps: 10,
    epochs: 3,
    imagesPerStep: 10,
    real: 1024,
    learningRate: 0.02,
    rounds: 15,
    warmUps: 25,
  },
  {
    id: "alexcifarnet-10x1",
    title: "AlexCifarNet, 10×1, 100 images a step",
    network: "alexCifarNet",
    method: "back-gradient",
    steps: 10,
    epochs: 1,
    imagesPerStep: 100,
    real: 1024,
    learningRate: 0.001,
    rounds: 2,
    warmUps: 0,
  },
  {
    id: "convnet3-matching",
    title: "ConvNet-3 of width 128, matching, 10 images",
    network: "convNet",
    method: "matching",
    steps: 1,
    epochs: 1,
    imagesPerStep: 10,
    real: 256,
    rounds: 5,
    warmUps: 1,
  },
];

/** The network behind each name. */
export const models = {
  linearOfDigits: () => sequential([1, 28, 28], [flatten(), linear({ out: 10 })]),
  linearOfPhotographs: () => sequential([3, 32, 32], [flatten(), linear({ out: 10 })]),
  lenet: () => lenet(),
  alexCifarNet: () => alexCifarNet(),
  convNet: () => convNet({ input: [3, 32, 32], classes: 10, depth: 3, width: 128 }),
};

const path = new URL("expected.json", import.meta.url);

/** The results in float64, from PyTorch (expect.mjs). */
export const expected = JSON.parse(readFileSync(path, "utf8"));

/**
 * Relative tolerances. float32 alone costs about 1e-5, but of some 10⁵ units one may round to the other side of a ReLU; then
 * gradients differ by one term in as many, about 1/√10⁵ of their norm. Wrong mathematics is wrong by far more.
 */
const TOLERANCE = { loss: 1e-4, images: 1e-3, projection: 1e-2, learningRates: 1e-2 };

/** Throws unless `result` (loss, norm and projection of the images' gradient, learning rates' gradient) is right. */
export function checkResult(label, { id }, result) {
  return checkAgainst(label, result, expected[id]);
}

/** Throws unless `result` is `want` to the tolerances; returns the errors. */
export function checkAgainst(label, result, want) {
  const errors = {
    loss: Math.abs(result.loss - want.loss) / Math.abs(want.loss),
    images: Math.abs(result.images - want.images) / want.images,
    projection: Math.abs(result.projection - want.projection) / want.images,
    learningRates: distance(result.learningRates, want.learningRates),
  };
  for (const [name, error] of Object.entries(errors)) {
    if (error <= TOLERANCE[name]) continue;
    throw new Error(`${label}: ${name} is ${result[name]}, expected ${want[name]}: not timed`);
  }
  return errors;
}

/** ‖a − b‖ / ‖b‖ */
function distance(a, b) {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  if (b.length === 0) return 0;
  return Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
}
