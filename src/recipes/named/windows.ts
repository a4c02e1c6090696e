// Windows of training (Feng, Vedantam, Kempe, ICLR 2024) with a small ConvNet, and with a few hundred outer steps, each twenty times
// as large as the paper's, of which there are 60,000. The paper has no digits.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { grid } from "./grid.ts";

const common = { init: { kind: "random", scheme: "pytorch" }, evaluate: { networks: 20 } };
const small = { name: "convNet", width: 16, depth: 2 };
const summary = "Images that teach any random ConvNet, in whatever order they come";
/** On held-back images of MNIST better than Adam with ten images of a class, and worse with one. */
const bySgd = { batchPerClass: 1, optimizer: "sgd", learningRate: 0.01 };
const outer = { batch: 512, learningRate: 0.02 };

export const windowsRecipes: readonly Recipe[] = [
  parseRecipe(
    {
      ...common,
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
    recipe: (data, perClass) => ({
      ...common,
      model: data === "cifar10" ? { name: "convNet", width: 32 } : small,
      method: {
        ...{ name: "windows", imagesPerClass: perClass, ...(perClass > 1 && bySgd) },
        ...(data === "cifar10" && { augment: ["flip"] }),
      },
      outer: { ...outer, ...(perClass === 1 ? { steps: 400 } : { steps: 1500, cosineTo: 0.01, average: 0.98 }) },
    }),
    paper: { cifar10: { 1: [53.2, 0.7], 10: [69.4, 0.4], 50: [75.3, 0.3] } },
    figuresOf: "width 128, whitened, 60,000 outer steps (Feng, Vedantam, Kempe)",
  }),
];
