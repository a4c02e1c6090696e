// Fixed and random initial weights on MNIST and CIFAR-10 (Wang et al. 2018, the main table), as the reference code runs
// them; everything else is a default of the schema.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const mnist = { data: { name: "mnist" }, model: { name: "lenet" } };
const cifar10 = {
  data: { name: "cifar10", augment: { crop: 4, flip: true } },
  model: { name: "alexCifarNet" },
  method: { learningRate: 0.001 },
};

export const mainTableRecipes: readonly Recipe[] = [
  {
    ...mnist,
    name: "mnist-random",
    summary: "Images that teach any randomly initialised LeNet",
    paper: { accuracy: 79.5, spread: 8.1, text: "on MNIST, 200 networks" },
  },
  {
    ...mnist,
    name: "mnist-fixed",
    summary: "Images that teach one LeNet, whose initial weights are known",
    init: { kind: "fixed" },
    method: { steps: 1 },
    paper: { accuracy: 93.76, text: "on MNIST" },
  },
  {
    ...mnist,
    name: "mnist-fixed-100",
    summary: "Images that teach one LeNet, whose initial weights are known",
    init: { kind: "fixed" },
    paper: { accuracy: 96.6, text: "on MNIST" },
  },
  {
    ...cifar10,
    name: "cifar10-random",
    summary: "Images that teach any randomly initialised AlexCifarNet",
    paper: { accuracy: 36.8, spread: 1.2, text: "on CIFAR-10, 200 networks" },
  },
  {
    ...cifar10,
    name: "cifar10-fixed",
    summary: "Images that teach one AlexCifarNet, whose initial weights are known",
    init: { kind: "fixed" },
    paper: { accuracy: 54.03, text: "on CIFAR-10" },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
