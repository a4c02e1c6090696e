// Labels learned with the images, for one known network (Sucholutsky and Schonlau, "Soft-Label Dataset Distillation and
// Text Dataset Distillation", 2019, arXiv:1910.02551), as their reference code runs it.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const common = { init: { kind: "fixed" }, outer: { epochs: 350, decayEvery: 35 } };
const mnist = { data: { name: "mnist" }, model: { name: "lenet" } };
const once = { steps: 1, labels: "learned", learningRate: 0.01 };

export const softLabelRecipes: readonly Recipe[] = [
  {
    ...common,
    ...mnist,
    name: "mnist-soft-labels",
    summary: "Images with learned labels that teach one LeNet",
    method: once,
    paper: { accuracy: 96, text: "on MNIST (Sucholutsky and Schonlau)" },
  },
  {
    ...common,
    ...mnist,
    name: "mnist-soft-labels-5",
    summary: "Fewer images than classes, with learned labels, that teach one LeNet all ten",
    method: { ...once, imagesPerStep: 5 },
    paper: { accuracy: 92, text: "on MNIST (Sucholutsky and Schonlau)" },
  },
  {
    ...common,
    name: "cifar10-soft-labels",
    summary: "Images with learned labels that teach one AlexCifarNet",
    data: { name: "cifar10", augment: { crop: 4, flip: true } },
    model: { name: "alexCifarNet" },
    method: { labels: "learned", learningRate: 0.001 },
    paper: { accuracy: 60, text: "on CIFAR-10 (Sucholutsky and Schonlau)" },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
