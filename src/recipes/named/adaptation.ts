// Networks trained on one set of digits are taught another by 100 images (Wang et al. 2018, domain adaptation): either
// networks of a pool, drawn in each outer step, or one known network.
import { parseRecipe } from "../parse.ts";
import type { PaperFigure, Recipe, RecipeData } from "../recipe.ts";

const label: Readonly<Record<string, string>> = { mnist: "MNIST", usps: "USPS", svhn: "SVHN" };

/** The passes of training, and the passes between two decays. */
const schedules: Readonly<Record<string, { epochs: number; decayEvery: number }>> = {
  mnist: { epochs: 40, decayEvery: 20 },
  usps: { epochs: 130, decayEvery: 40 },
  svhn: { epochs: 65, decayEvery: 20 },
};

/** Makes the pair of recipes from `source` to `target`. */
function pair(
  source: RecipeData,
  target: RecipeData,
  random: Omit<PaperFigure, "text">,
  fixed: Omit<PaperFigure, "text">,
): Recipe[] {
  const [from, to] = [label[source.name], label[target.name]];
  const pool = `pools/${source.name}-lenet`;
  const training = { data: source, ...schedules[source.name]! };
  const name = `${source.name}-${target.name}`;
  const common = { data: target, model: { name: "lenet" } };
  return [
    parseRecipe({
      ...common,
      name,
      summary: `Images that teach ${to} to any LeNet trained on ${from}`,
      init: { kind: "pretrained", pool: `${pool}/train`, testPool: `${pool}/test`, training },
      networksPerStep: 4,
      evaluate: { networks: 20 },
      paper: { ...random, text: `on ${to}, 2,000 networks to distil for and 200 to evaluate on` },
    }),
    parseRecipe({
      ...common,
      name: `${name}-fixed`,
      summary: `Images that teach ${to} to one LeNet trained on ${from}`,
      init: {
        kind: "pretrained",
        pool: `${pool}/train`,
        networks: 1,
        training: { ...training, networks: 1, testNetworks: 0 },
      },
      evaluate: { networks: 1 },
      paper: { ...fixed, text: `on ${to}` },
    }),
  ];
}

const mnist: RecipeData = { name: "mnist" };
// MNIST's digits fill 20 of 28 pixels, those of the USPS files all 16. The paper's USPS set has a mean of 0.160 at
// 28 × 28, near that of these with a border of 3 (0.158); without one it is 0.256.
const usps: RecipeData = { name: "usps", size: 28, padding: 3 };

export const adaptationRecipes: readonly Recipe[] = [
  ...pair(mnist, usps, { accuracy: 95.4, spread: 1.8 }, { accuracy: 97.9 }),
  ...pair(usps, mnist, { accuracy: 92.7, spread: 1.4 }, { accuracy: 93.2 }),
  // LeNet has the same weights for 32×32 and for 28×28.
  ...pair({ name: "svhn" }, { ...mnist, channels: 3 }, { accuracy: 85.2, spread: 4.7 }, { accuracy: 96.3 }),
];
