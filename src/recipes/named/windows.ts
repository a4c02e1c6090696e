// Windows of training (Feng, Vedantam, Kempe, ICLR 2024) on digits, with a small ConvNet, and with a few hundred outer steps, each
// twenty times as large as the paper's, of which there are 60,000. The paper has no digits.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

function onDigits(data: "digits" | "mnist", steps: number): Recipe {
  const name = `${data}-windows`;
  const recipe = {
    ...{ name, summary: "Images that teach any random ConvNet, in whatever order they come", data: { name: data } },
    model: { name: "convNet", width: 16, depth: 2 },
    init: { kind: "random", scheme: "pytorch" },
    method: { name: "windows", imagesPerClass: 1 },
    outer: { steps, batch: 512, learningRate: 0.02 },
    evaluate: { networks: 20 },
  };
  return parseRecipe(recipe, name);
}

export const windowsRecipes: readonly Recipe[] = [onDigits("digits", 400), onDigits("mnist", 400)];
