// KIP and label solve (Nguyen, Chen, Lee, ICLR 2021), for networks like those whose kernel it is: fully connected, of three hidden layers. The
// paper's figures are those of the kernel itself, not of networks that train on a set, so no recipe quotes them.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { grid } from "./grid.ts";

const common = {
  model: { name: "mlp", hidden: [256, 256, 256] },
  init: { kind: "random", scheme: "pytorch" },
  evaluate: { networks: 5 },
};

const summaries = {
  kip: "Images and labels from which an infinitely wide network, as a kernel, predicts real labels",
  "label-solve": "Real images with the labels from which an infinitely wide network, as a kernel, predicts best",
};

type Kind = keyof typeof summaries;

/** What is learned, and for how long; label solve is done in one step. */
function learned(kind: Kind, imagesPerClass: number): object {
  return { method: { name: kind, imagesPerClass }, ...(kind === "kip" && { outer: { steps: 500 } }) };
}

function onDigits(kind: Kind): Recipe {
  const name = `digits-${kind}`;
  const said = { name, summary: summaries[kind], data: { name: "digits" } };
  return parseRecipe({ ...common, ...said, ...learned(kind, 1) }, name);
}

function benchmark(kind: Kind): readonly Recipe[] {
  return grid({
    ...{ suffix: kind, summary: summaries[kind] },
    recipe: (_, perClass) => ({ ...common, ...learned(kind, perClass) }),
  });
}

export const kipRecipes: readonly Recipe[] = [
  onDigits("kip"),
  ...benchmark("kip"),
  onDigits("label-solve"),
  ...benchmark("label-solve"),
];
