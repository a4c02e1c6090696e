// KIP and label solve (Nguyen, Chen, Lee, ICLR 2021), for networks like those whose kernel it is: fully connected, of three hidden layers. The
// paper's figures are those of the kernel itself, not of networks that train on a set, so no recipe quotes them.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const common = {
  model: { name: "mlp", hidden: [256, 256, 256] },
  init: { kind: "random", scheme: "pytorch" },
  evaluate: { networks: 5 },
};

function learned(data: "digits" | "mnist" | "fashion-mnist" | "cifar10", name: string) {
  return {
    ...common,
    name,
    summary: "Ten images and labels from which an infinitely wide network, as a kernel, predicts real labels",
    data: { name: data },
    method: { name: "kip", imagesPerClass: 1 },
    outer: { steps: 500 },
  };
}

function solved(data: "digits" | "mnist", imagesPerClass: number, name: string) {
  return {
    ...common,
    name,
    summary: "Real images with the labels from which an infinitely wide network, as a kernel, predicts best",
    data: { name: data },
    method: { name: "label-solve", imagesPerClass },
  };
}

export const kipRecipes: readonly Recipe[] = [
  learned("digits", "digits-kip"),
  solved("digits", 1, "digits-label-solve"),
  learned("mnist", "mnist-kip"),
  solved("mnist", 10, "mnist-label-solve-100"),
  learned("fashion-mnist", "fashion-kip"),
  learned("cifar10", "cifar10-kip"),
].map((recipe) => parseRecipe(recipe, recipe.name));
