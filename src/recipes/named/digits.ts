// The digits that come with the package. With back-gradient their pixels start from less noise than the paper's: noise that
// training does not need stays in the picture.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const common = { data: { name: "digits" }, model: { name: "lenet" }, evaluate: { networks: 20 } };

export const digitsRecipes: readonly Recipe[] = [
  {
    ...common,
    name: "digits-random",
    summary: "Images that teach any randomly initialised LeNet",
    method: { initialNoise: 0.1 },
    outer: { steps: 600 },
    paper: { accuracy: 79.5, spread: 8.1, text: "on MNIST, 200 networks" },
  },
  {
    ...common,
    name: "digits-fixed",
    summary: "Images that teach one LeNet, whose initial weights are known",
    init: { kind: "fixed" },
    method: { steps: 1, initialNoise: 0.1 },
    outer: { steps: 1200 },
    paper: { accuracy: 93.76, text: "on MNIST" },
  },
  // Distribution matching as its authors run it (Zhao and Bilen, WACV 2023), with a network of a quarter of the width and
  // fewer outer steps, so that it ends in minutes, and without augmentation.
  {
    ...common,
    name: "digits-dm",
    summary: "Images whose mean features in any random ConvNet are those of real digits",
    model: { name: "convNet", width: 32 },
    init: { kind: "random", scheme: "pytorch" },
    method: { name: "distribution-matching", imagesPerClass: 1 },
    outer: { steps: 150 },
    paper: { accuracy: 89.7, text: "on MNIST, width 128, 20,000 outer steps, with augmentation (Zhao and Bilen)" },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
