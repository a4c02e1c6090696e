// More images of the same storage: sums of bases (Deng, Russakovsky, NeurIPS 2022) by windows of training, and enlarged tiles (Kim et
// al., ICML 2022) by FRePo. Those papers learn the same images by other methods, for longer.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

type Data = "digits" | "mnist" | "fashion-mnist";

const stored = { 1: "the storage of ten images", 10: "the storage of a hundred images" } as const;

/** The figures of the paper: accuracy and spread, for the storage of so many images of a class. */
const reported = {
  mnist: { 1: [98.7, 0.7], 10: [99.3, 0.5] },
  "fashion-mnist": { 1: [88.5, 0.1], 10: [90, 0.7] },
} as const;

function onMemories(data: Data, imagesPerClass: 1 | 10, bases: number, steps: number) {
  const figure = data === "digits" ? undefined : reported[data][imagesPerClass];
  const text = "5 networks, width 128, momentum in place of Adam, 500,000 outer steps (Deng, Russakovsky)";
  return {
    name: `${data}-memories${imagesPerClass === 1 ? "" : "-100"}`,
    summary: `Weighted sums of a few bases, in ${stored[imagesPerClass]}`,
    data: { name: data },
    model: { name: "convNet", width: 16, depth: 2 },
    init: { kind: "random", scheme: "pytorch" },
    method: { name: "windows", imagesPerClass, batchPerClass: 2 },
    images: { name: "memories", bases },
    outer: { steps, batch: 512, learningRate: 0.005 },
    evaluate: { networks: 5 },
    ...(figure && { paper: { accuracy: figure[0], spread: figure[1], text } }),
  };
}

function inTiles(data: Data, imagesPerClass: 1 | 10, steps: number) {
  return {
    name: `${data}-formation${imagesPerClass === 1 ? "" : "-100"}`,
    summary: `Four enlarged tiles of each stored image, in ${stored[imagesPerClass]}`,
    data: { name: data },
    model: { name: "convNet", width: 32, norm: "none" },
    init: { kind: "random", scheme: "kaiming-fan-in" },
    method: { name: "frepo", imagesPerClass },
    images: { name: "formation", factor: 2 },
    outer: { steps, learningRate: 0.005 },
    evaluate: { networks: 5 },
  };
}

export const decoderRecipes: readonly Recipe[] = [
  onMemories("digits", 1, 16, 200),
  inTiles("digits", 1, 500),
  onMemories("mnist", 1, 16, 400),
  onMemories("mnist", 10, 64, 400),
  inTiles("mnist", 1, 1500),
  inTiles("mnist", 10, 1000),
  onMemories("fashion-mnist", 1, 16, 400),
  onMemories("fashion-mnist", 10, 64, 400),
  inTiles("fashion-mnist", 1, 1500),
  inTiles("fashion-mnist", 10, 1000),
].map((recipe) => parseRecipe(recipe, recipe.name));
