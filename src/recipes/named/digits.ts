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
].map((recipe) => parseRecipe(recipe, recipe.name));
