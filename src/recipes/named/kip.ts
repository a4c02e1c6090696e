// KIP and label solve (Nguyen, Chen, Lee, ICLR 2021). The paper's figures are those of the kernel itself, and not of networks that were trained
// on a set: no recipe quotes them.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const common = {
  init: { kind: "random", scheme: "kaiming-fan-in" },
  evaluate: { networks: 5 },
};
const learned = "images and labels from which an infinitely wide network, as a kernel, predicts real labels";
const solved = "real images, with the labels from which an infinitely wide network, as a kernel, predicts best";

export const kipRecipes: readonly Recipe[] = [
  {
    ...common,
    name: "digits-kip",
    summary: `Ten ${learned}`,
    data: { name: "digits" },
    model: { name: "convNet", width: 32, norm: "none" },
    method: { name: "kip", imagesPerClass: 1 },
    outer: { steps: 300 },
  },
  {
    ...common,
    name: "digits-label-solve",
    summary: `Ten ${solved}`,
    data: { name: "digits" },
    model: { name: "convNet", width: 32, norm: "none" },
    method: { name: "label-solve", imagesPerClass: 1 },
  },
  {
    ...common,
    name: "mnist-kip",
    summary: `Ten ${learned}`,
    data: { name: "mnist" },
    model: { name: "convNet", width: 32, norm: "none" },
    method: { name: "kip", imagesPerClass: 1 },
    outer: { steps: 300 },
  },
  {
    ...common,
    name: "fashion-kip",
    summary: `Ten ${learned}`,
    data: { name: "fashion-mnist" },
    model: { name: "convNet", width: 32, norm: "none" },
    method: { name: "kip", imagesPerClass: 1 },
    outer: { steps: 300 },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
