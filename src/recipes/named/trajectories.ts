// Trajectory matching (Cazenavette, Wang, Torralba, Efros, Zhu, CVPR 2022): with the paper's network and budget for CIFAR-10, but without
// its whitening and without augmentation of the steps, and on digits and clothes with a small ConvNet and few experts. `distillate train` makes the experts, which all sizes of a data set share.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { type GridData, type GridSize, grid } from "./grid.ts";

const summary = "Images that bring a random ConvNet in a few steps to where real ones bring it in epochs";

/** The experts for some data: SGD without momentum, at one learning rate. */
function expertsFor(data: GridData | "digits", training: object) {
  const sgd = { optimizer: "sgd", decayFactor: 1 };
  return {
    ...{ kind: "experts", pool: `pools/${data}-mtt/train`, scheme: "pytorch" },
    training: { data: { name: data }, ...sgd, ...training },
  };
}

function small(data: GridData | "digits", imagesPerClass: GridSize): object {
  const batch = data === "digits" ? 64 : 256;
  return {
    model: { name: "convNet", width: 16, depth: 2 },
    init: expertsFor(data, { networks: 6, epochs: 6, batch, learningRate: 0.02 }),
    method: {
      ...{ name: "trajectory-matching", imagesPerClass, steps: 20, expertEpochs: 1, maxStartEpoch: 4 },
      ...{ learningRate: 0.05, rateStep: 0.01, ...(imagesPerClass === 50 && { subBatch: 100 }) },
    },
    outer: { steps: 400, optimizer: "adam", learningRate: 0.02, decayFactor: 1 },
    evaluate: { networks: 20 },
  };
}

/** As the paper does it: with more images, steps on parts of them, and starts from later epochs. */
const bySize = {
  1: { steps: 50, maxStartEpoch: 2 },
  10: { steps: 30, maxStartEpoch: 20 },
  50: { steps: 30, maxStartEpoch: 40, subBatch: 256 },
} as const;

function large(imagesPerClass: GridSize): object {
  return {
    model: { name: "convNet" },
    init: expertsFor("cifar10", { networks: 100, epochs: 50, batch: 256, learningRate: 0.01 }),
    method: {
      ...{ name: "trajectory-matching", imagesPerClass, expertEpochs: 2, ...bySize[imagesPerClass] },
      // The paper's step size for the learning rate itself is 1e-5: 1e-5 / 0.001² for r.
      ...{ learningRate: 0.001, rateStep: 10, memory: 3e9 },
      training: {
        ...{ epochs: 1000, batch: 256, momentum: 0.9, weightDecay: 5e-4, decayAt: [501] },
        augment: ["color", "crop", "cutout", "flip", "scale", "rotate"],
      },
    },
    outer: { steps: 5000 },
    evaluate: { networks: 5 },
  };
}

export const trajectoryRecipes: readonly Recipe[] = [
  parseRecipe({ name: "digits-mtt", summary, data: { name: "digits" }, ...small("digits", 1) }, "digits-mtt"),
  ...grid({
    ...{ suffix: "mtt", summary },
    recipe: (data, perClass) => (data === "cifar10" ? large(perClass) : small(data, perClass)),
    paper: { cifar10: { 1: [46.3, 0.8], 10: [65.3, 0.7], 50: [71.6, 0.2] } },
    figuresOf: "with ZCA, images of all steps augmented (Cazenavette et al.)",
  }),
];
