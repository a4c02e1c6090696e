// FRePo (Zhou, Nezhadarya, Ba, NeurIPS 2022) with a ConvNet of a quarter of the paper's width and without norms, and with some
// thousand outer steps, each larger than the paper's, of which there are 500,000.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { grid } from "./grid.ts";

const common = {
  model: { name: "convNet", width: 32, norm: "none" },
  init: { kind: "random", scheme: "kaiming-fan-in" },
  evaluate: { networks: 5 },
};
const summary = "Images and labels from which networks learn as from a regression on their features";

/** Outer steps for so many images of a class. The path that LAMB can go is their number times the step size. */
const outer = {
  1: { steps: 1500, learningRate: 0.005 },
  10: { steps: 1000, learningRate: 0.003 },
  50: { steps: 1000, learningRate: 0.003 },
};

export const frepoRecipes: readonly Recipe[] = [
  parseRecipe(
    {
      ...common,
      name: "digits-frepo",
      summary,
      data: { name: "digits" },
      method: { name: "frepo", imagesPerClass: 1 },
      outer: outer[1],
    },
    "digits-frepo",
  ),
  ...grid({
    suffix: "frepo",
    summary,
    recipe: (data, perClass) => ({
      ...common,
      // The paper whitens colour images.
      ...(data === "cifar10" && { data: { name: data, zca: 0.1 } }),
      // With more images than features the regression needs a stronger ridge in float32 (docs/math.md §9).
      method: { name: "frepo", imagesPerClass: perClass, ...(perClass === 50 && { ridge: 1e-4 }) },
      outer: outer[perClass],
    }),
    paper: {
      mnist: { 1: [93, 0.4], 10: [98.6, 0.1], 50: [99.2] },
      "fashion-mnist": { 1: [75.6, 0.3], 10: [86.2, 0.2], 50: [89.6, 0.1] },
      cifar10: { 1: [46.8, 0.7], 10: [65.5, 0.4], 50: [71.7, 0.2] },
    },
    figuresOf: "width 128, 500,000 outer steps (Zhou, Nezhadarya, Ba)",
  }),
];
