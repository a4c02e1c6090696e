// More images of the same storage, by windows of training: sums of bases (Deng, Russakovsky, NeurIPS 2022), and enlarged tiles (Kim et
// al., ICML 2022). Those papers learn the same images by other methods, for longer.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { type GridData, type GridSize, grid } from "./grid.ts";

type Data = GridData | "digits";

/** Networks that learn in steps of two images of each class, by SGD as in the papers' evaluations. */
function byWindows(data: Data, imagesPerClass: GridSize, outer: object): object {
  return {
    model: data === "cifar10" ? { name: "convNet", width: 32 } : { name: "convNet", width: 16, depth: 2 },
    init: { kind: "random", scheme: "pytorch" },
    method: { name: "windows", imagesPerClass, batchPerClass: 2, optimizer: "sgd", learningRate: 0.01 },
    outer: { batch: 512, cosineTo: 0.01, average: 0.98, ...outer },
    evaluate: { networks: 5 },
  };
}

/** Sums of bases. More bases for more storage, so that the number of images does not grow with its square. */
function sums(data: Data, imagesPerClass: GridSize): object {
  return {
    ...byWindows(data, imagesPerClass, { steps: data === "digits" ? 200 : 800, learningRate: 0.02 }),
    images: { name: "memories", bases: { 1: 16, 10: 64, 50: 256 }[imagesPerClass] },
  };
}

function tiles(data: Data, imagesPerClass: GridSize): object {
  return {
    ...byWindows(data, imagesPerClass, { steps: data === "digits" ? 300 : 500, learningRate: 0.02 }),
    images: { name: "formation", factor: 2 },
  };
}

const onSums = { suffix: "memories", summary: "Weighted sums of a few bases, of which a set has many", recipe: sums };
const onTiles = { suffix: "formation", summary: "Four enlarged tiles in the storage of each image", recipe: tiles };

function onDigits({ suffix, summary, recipe }: typeof onSums): Recipe {
  const name = `digits-${suffix}`;
  return parseRecipe({ name, summary, data: { name: "digits" }, ...recipe("digits", 1) }, name);
}

export const decoderRecipes: readonly Recipe[] = [
  onDigits(onSums),
  ...grid({
    ...onSums,
    paper: {
      mnist: { 1: [98.7, 0.7], 10: [99.3, 0.5], 50: [99.4, 0.4] },
      "fashion-mnist": { 1: [88.5, 0.1], 10: [90, 0.7], 50: [91.2, 0.3] },
      cifar10: { 1: [66.4, 0.4], 10: [71.2, 0.4], 50: [73.6, 0.5] },
    },
    figuresOf: "5 networks, width 128, momentum in place of Adam, 500,000 outer steps (Deng, Russakovsky)",
  }),
  onDigits(onTiles),
  ...grid({
    ...onTiles,
    paper: {
      mnist: { 1: [94.2], 10: [98.4], 50: [99.1] },
      "fashion-mnist": { 1: [81], 10: [86], 50: [86.2] },
      cifar10: { 1: [50.6], 10: [67.5], 50: [74.5] },
    },
    figuresOf: "width 128, by the matching of gradients (IDC: Kim et al.)",
  }),
];
