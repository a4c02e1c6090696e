// Poisoning (Wang et al. 2018): one gradient step on 100 images makes a well-trained network take one class for another.
// The recipes show what a data set from strangers can do.
import { parseRecipe } from "../parse.ts";
import type { Recipe, RecipeData } from "../recipe.ts";

const common = {
  method: { steps: 1, epochs: 1, imagesPerClass: 10 },
  networksPerStep: 4,
  outer: { learningRate: 0.02 },
  evaluate: { networks: 200, baselines: [] },
  attack: { from: 0, to: 1 },
};
const cifar10: RecipeData = { name: "cifar10", augment: { crop: 4, flip: true } };
/** The training of the paper's 2,000 networks, and of 200 more to evaluate on. */
const training = { networks: 2000, testNetworks: 200, epochs: 40, decayEvery: 20 };

function pool(name: string, data: RecipeData) {
  const folder = `pools/${name}`;
  return {
    kind: "pretrained",
    pool: `${folder}/train`,
    testPool: `${folder}/test`,
    training: { ...training, data },
  };
}

export const attackRecipes: readonly Recipe[] = [
  {
    ...common,
    name: "mnist-attack",
    summary: "Images, one step on which makes any trained LeNet read 0 as 1",
    data: { name: "mnist" },
    model: { name: "lenet" },
    init: pool("mnist-lenet", { name: "mnist" }),
    paper: { accuracy: 71.4, spread: 29.6, text: "of the zeros read as ones" },
  },
  {
    ...common,
    name: "cifar10-attack",
    summary: "Images, one step on which makes any trained AlexCifarNet take planes for cars",
    data: cifar10,
    model: { name: "alexCifarNet" },
    init: pool("cifar10-alexcifarnet", cifar10),
    paper: { accuracy: 45.9, spread: 18.1, text: "of the planes taken for cars" },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
