// Matching of gradients (DC: Zhao, Mopuri, Bilen, ICLR 2021; DSA: Zhao, Bilen, ICML 2021) and of distributions (DM: Zhao, Bilen, WACV
// 2023), with a ConvNet of a quarter of the papers' width and with fewer outer steps.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";
import { type Grid, type GridData, type GridSize, grid } from "./grid.ts";

const common = {
  model: { name: "convNet", width: 32 },
  init: { kind: "random", scheme: "pytorch" },
  evaluate: { networks: 20 },
};

/** The strategies of DSA; digits are not mirrored. */
function strategies(data: GridData | "digits"): readonly string[] {
  const all = ["color", "crop", "cutout", "scale", "rotate"];
  return data === "cifar10" ? [...all, "flip"] : all;
}

type Kind = "dm" | "dc" | "dsa";

/** A quarter of the papers' real images. */
const fewer = { realPerClass: 64 };

/** What is matched, on these data. Distributions of the benchmark are matched as the paper does, with augmentation. */
function method(kind: Kind, data: GridData | "digits", imagesPerClass: number): object {
  switch (kind) {
    case "dm": {
      const augmented = { realPerClass: 50, augment: strategies(data) };
      return { name: "distribution-matching", imagesPerClass, ...(data !== "digits" && augmented) };
    }
    case "dc":
    case "dsa": {
      const augmented = kind === "dsa" && { augment: strategies(data) };
      return { name: "gradient-matching", imagesPerClass, ...(data !== "digits" && fewer), ...augmented };
    }
  }
}

const summaries: Readonly<Record<Kind, string>> = {
  dm: "Images whose mean features in any random ConvNet are those of real images",
  dc: "Images whose gradients in a ConvNet are those of real images",
  dsa: "Images whose gradients are those of real images, augmented alike",
};

/** Outer steps; those of gradient matching cost more with more images, whose networks train longer. */
function outerSteps(kind: Kind, perClass: GridSize): number {
  if (kind === "dm") return 1000;
  return perClass === 1 ? 1000 : 200;
}

const figures: Readonly<Record<Kind, Pick<Grid, "paper" | "figuresOf">>> = {
  dm: {
    paper: {
      mnist: { 1: [89.7], 10: [97.5], 50: [98.6] },
      cifar10: { 1: [26, 0.8], 10: [48.9, 0.6], 50: [63, 0.4] },
    },
    figuresOf: "width 128, 20,000 outer steps, with augmentation (Zhao and Bilen)",
  },
  dc: {
    paper: {
      mnist: { 1: [91.7, 0.5], 10: [97.4, 0.2], 50: [98.8, 0.1] },
      "fashion-mnist": { 1: [70.5], 10: [82.3], 50: [83.6] },
      cifar10: { 1: [28.3, 0.5], 10: [44.9, 0.5], 50: [53.9, 0.5] },
    },
    figuresOf: "width 128, 1,000 networks (Zhao, Mopuri, Bilen)",
  },
  dsa: {
    paper: {
      mnist: { 1: [88.7, 0.6], 10: [97.8, 0.1], 50: [99.2, 0.1] },
      "fashion-mnist": { 1: [70.6], 10: [84.6], 50: [88.7] },
      cifar10: { 1: [28.8, 0.7], 10: [52.1, 0.5], 50: [60.6, 0.5] },
    },
    figuresOf: "width 128, 1,000 networks (Zhao and Bilen)",
  },
};

/** The small variant of a method, on the digits of the package. */
function onDigits(kind: Kind, outerSteps: number): Recipe {
  const name = `digits-${kind}`;
  const said = { name, summary: summaries[kind], data: { name: "digits" } };
  return parseRecipe({ ...common, ...said, method: method(kind, "digits", 1), outer: { steps: outerSteps } }, name);
}

function benchmark(kind: Kind): readonly Recipe[] {
  return grid({
    ...{ suffix: kind, summary: summaries[kind], ...figures[kind] },
    recipe: (data, perClass) => ({
      ...{ ...common, evaluate: { networks: 5 } },
      method: method(kind, data, perClass),
      outer: { steps: outerSteps(kind, perClass) },
    }),
  });
}

export const matchingRecipes: readonly Recipe[] = [
  onDigits("dm", 150),
  ...benchmark("dm"),
  onDigits("dc", 150),
  ...benchmark("dc"),
  onDigits("dsa", 150),
  ...benchmark("dsa"),
];
