// FRePo (Zhou, Nezhadarya, Ba, NeurIPS 2022) with a ConvNet of a quarter of the paper's width and without norms, and with some
// hundred outer steps, each larger than the paper's, of which there are 500,000.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const common = {
  model: { name: "convNet", width: 32, norm: "none" },
  init: { kind: "random", scheme: "kaiming-fan-in" },
  evaluate: { networks: 5 },
};
const onMnist = "on MNIST, width 128, 500,000 outer steps (Zhou, Nezhadarya, Ba)";

function tenImages(data: "digits" | "mnist") {
  return {
    ...common,
    name: `${data}-frepo`,
    summary: "Ten images and labels from which networks learn as from a regression on their features",
    data: { name: data },
    method: { name: "frepo", imagesPerClass: 1 },
    outer: { steps: 1500, learningRate: 0.005 },
    paper: { accuracy: 93, spread: 0.4, text: onMnist },
  };
}

export const frepoRecipes: readonly Recipe[] = [
  tenImages("digits"),
  tenImages("mnist"),
  {
    ...common,
    name: "mnist-frepo-100",
    summary: "A hundred images and labels from which networks learn as from a regression on their features",
    data: { name: "mnist" },
    method: { name: "frepo", imagesPerClass: 10 },
    outer: { steps: 1000, learningRate: 0.003 },
    paper: { accuracy: 98.6, spread: 0.1, text: onMnist },
  },
  {
    ...common,
    name: "cifar10-frepo",
    summary: "Ten whitened images and labels from which networks learn as from a regression on their features",
    data: { name: "cifar10", zca: 0.1 },
    method: { name: "frepo", imagesPerClass: 1 },
    outer: { steps: 1500, learningRate: 0.005 },
    paper: {
      accuracy: 46.8,
      spread: 0.7,
      text: "on CIFAR-10, whitened, width 128, 500,000 outer steps (Zhou, Nezhadarya, Ba)",
    },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
