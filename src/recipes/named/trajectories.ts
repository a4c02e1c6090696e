// Trajectory matching (Cazenavette, Wang, Torralba, Efros, Zhu, CVPR 2022): as the paper has it for CIFAR-10, and on digits with a
// small ConvNet and few experts. `distillate train` makes the experts.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const summary = "Images that bring a random ConvNet in a few steps to where real ones bring it in epochs";

/** The experts of a recipe of this name: SGD without momentum, at one learning rate. */
function expertsOf(name: string, data: string, training: object) {
  const sgd = { optimizer: "sgd", decayFactor: 1 };
  return {
    ...{ kind: "experts", pool: `pools/${name}/train`, scheme: "pytorch" },
    training: { data: { name: data }, ...sgd, ...training },
  };
}

function onDigits(data: "digits" | "mnist", training: object): Recipe {
  const name = `${data}-mtt`;
  const recipe = {
    ...{ name, summary, data: { name: data } },
    model: { name: "convNet", width: 16, depth: 2 },
    init: expertsOf(name, data, training),
    method: {
      ...{ name: "trajectory-matching", imagesPerClass: 1, steps: 20, expertEpochs: 1, maxStartEpoch: 4 },
      ...{ learningRate: 0.05, rateStep: 0.01 },
    },
    outer: { steps: 400, optimizer: "adam", learningRate: 0.02, decayFactor: 1 },
    evaluate: { networks: 20 },
  };
  return parseRecipe(recipe, name);
}

const cifar = {
  ...{ name: "cifar10-mtt", summary, data: { name: "cifar10" } },
  model: { name: "convNet" },
  init: expertsOf("cifar10-mtt", "cifar10", { networks: 100, epochs: 50, batch: 256, learningRate: 0.01 }),
  method: {
    ...{ name: "trajectory-matching", imagesPerClass: 10, steps: 30, expertEpochs: 2, maxStartEpoch: 20 },
    // The paper's step size for the learning rate itself is 1e-5: 1e-5 / 0.001² for r.
    ...{ learningRate: 0.001, rateStep: 10, memory: 3e9 },
    training: {
      ...{ epochs: 1000, batch: 256, momentum: 0.9, weightDecay: 5e-4, decayAt: [501] },
      augment: ["color", "crop", "cutout", "flip", "scale", "rotate"],
    },
  },
  outer: { steps: 5000 },
  evaluate: { networks: 5 },
  paper: {
    accuracy: 65.3,
    spread: 0.7,
    text: "on CIFAR-10 with ZCA, images of all steps augmented (Cazenavette et al.)",
  },
};

export const trajectoryRecipes: readonly Recipe[] = [
  onDigits("digits", { networks: 6, epochs: 6, batch: 64, learningRate: 0.02 }),
  onDigits("mnist", { networks: 6, epochs: 6, batch: 256, learningRate: 0.02 }),
  parseRecipe(cifar, cifar.name),
];
