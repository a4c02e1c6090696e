// Named recipes: a network, a method and where initial weights come from, with figures to hold a run against.
import {
  type BackGradientMethod,
  backGradient,
  type Dataset,
  fixedInit,
  lenet,
  type Model,
  randomInit,
  ShapeError,
  type WeightSource,
} from "../index.ts";
import { UsageError } from "./errors.ts";

export interface Recipe {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Distilled images, of ten classes. */
  readonly images: number;
  readonly data: string;
  /** Outer steps unless the command line says otherwise. */
  readonly outerSteps: number;
  /** Held-out networks unless the command line says otherwise. Default: the paper's 200. */
  readonly evaluateNetworks?: number;
  /** What the paper reports for these settings. */
  readonly paper: string;
  readonly modelName: string;
  readonly method: BackGradientMethod;
  /** Throws ShapeError where images do not fit the network. */
  model(data: Dataset): Model;
  init(seed: number): WeightSource;
}

export const recipes: readonly Recipe[] = [
  {
    name: "digits-random",
    summary: "100 images that teach any randomly initialised LeNet",
    images: 100,
    data: "digits (28×28)",
    outerSteps: 600,
    evaluateNetworks: 20,
    paper: "79.5 ± 8.1 % on MNIST, 200 networks",
    modelName: "LeNet",
    method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1, learningRate: 0.02, initialNoise: 0.1 }),
    model: lenetFor,
    init: () => randomInit("xavier-normal"),
  },
  {
    name: "digits-fixed",
    summary: "10 images that teach one LeNet, whose initial weights are known",
    images: 10,
    data: "digits (28×28)",
    outerSteps: 1200,
    evaluateNetworks: 20,
    paper: "93.76 % on MNIST",
    modelName: "LeNet",
    method: backGradient({ steps: 1, epochs: 3, imagesPerClass: 1, learningRate: 0.02, initialNoise: 0.1 }),
    model: lenetFor,
    init: (seed) => fixedInit(seed),
  },
];

export const defaultRecipe = "digits-random";

/** @throws UsageError that names the nearest recipe, or all. */
export function findRecipe(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const nearest = recipes
    .map((recipe) => ({ name: recipe.name, distance: editDistance(name, recipe.name) }))
    .reduce((a, b) => (b.distance < a.distance ? b : a));
  const hint =
    nearest.distance <= nearest.name.length / 3
      ? `did you mean ${nearest.name}?`
      : `there are ${recipes.map((recipe) => recipe.name).join(" and ")}`;
  throw new UsageError(`unknown recipe '${name}' (${hint})`);
}

function lenetFor({ name, channels, height, width, classes }: Dataset): Model {
  if (height !== width || (height !== 28 && height !== 32)) {
    throw new ShapeError(`${name}: LeNet expects images of 28×28 or 32×32, got ${height}×${width}`);
  }
  return lenet({ channels, size: height, classes });
}

/** Characters to insert, delete or replace (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
