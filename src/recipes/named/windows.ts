// Windows of training (Feng, Vedantam, Kempe, ICLR 2024) with a small ConvNet, and with some hundred outer steps, each twenty times
// as large as the paper's, of which there are 60,000. The paper has no digits.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { type GridData, type GridSize, grid } from "./grid.ts";

const common = { init: { kind: "random", scheme: "pytorch" } };
const small = { name: "convNet", width: 16, depth: 2 };
const wide = { name: "convNet", width: 32 };
const summary = "Images that teach any random ConvNet, in whatever order they come";
const outer = { batch: 512, learningRate: 0.02 };
/** Photographs are whitened, as in the paper: of held-back ones 45 in a hundred are read after 400 outer steps, and 37 without. */
const ofColour = (data: GridData): object => (data === "cifar10" ? { data: { name: data, zca: 0.1 } } : {});

/** With one image of a class, Adam and short windows are best on held-back images of MNIST. */
function one(data: GridData): object {
  return {
    ...{ ...ofColour(data), model: data === "cifar10" ? wide : small, evaluate: { networks: 20 } },
    method: { name: "windows", imagesPerClass: 1, ...(data === "cifar10" && { augment: ["flip"] }) },
    outer: { ...outer, steps: 400 },
  };
}

/** With more, SGD and windows of forty steps within two hundred: 97 in a hundred of them are read, and 95 with windows of twenty in sixty. */
function several(data: GridData, imagesPerClass: GridSize): object {
  const colour = data === "cifar10";
  const steps = { window: 40, totalSteps: 200, batchPerClass: colour ? 1 : 2, optimizer: "sgd", learningRate: 0.01 };
  return {
    ...{ ...ofColour(data), model: wide, evaluate: { networks: 5 } },
    method: { name: "windows", imagesPerClass, ...steps, ...(colour && { augment: ["flip"] }) },
    outer: { ...outer, steps: colour ? 600 : 1000, cosineTo: 0.01, average: 0.98 },
  };
}

export const windowsRecipes: readonly Recipe[] = [
  parseRecipe(
    {
      ...{ ...common, evaluate: { networks: 20 } },
      name: "digits-windows",
      summary,
      data: { name: "digits" },
      model: small,
      method: { name: "windows", imagesPerClass: 1 },
      outer: { ...outer, steps: 400 },
    },
    "digits-windows",
  ),
  ...grid({
    suffix: "windows",
    summary,
    recipe: (data, perClass) => ({ ...common, ...(perClass === 1 ? one(data) : several(data, perClass)) }),
    paper: { cifar10: { 1: [53.2, 0.7], 10: [69.4, 0.4], 50: [75.3, 0.3] } },
    figuresOf: "width 128, whitened, 60,000 outer steps (Feng, Vedantam, Kempe)",
  }),
];
