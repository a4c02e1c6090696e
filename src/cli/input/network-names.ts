// The names of networks on the command line.
import { InvalidArgumentError } from "commander";
import type { DataShape, Model } from "../../index.ts";
import { recipeModel } from "../../recipes/options.ts";
import type { RecipeModel } from "../../recipes/recipe.ts";

const networks: Readonly<Record<string, RecipeModel>> = {
  lenet: { name: "lenet" },
  alexcifarnet: { name: "alexCifarNet" },
  alexnet: { name: "alexNet" },
  convnet: { name: "convNet" },
  "convnet-1": { name: "convNet", depth: 1 },
  "convnet-2": { name: "convNet", depth: 2 },
  "convnet-4": { name: "convNet", depth: 4 },
  vgg11: { name: "vgg11" },
  mlp: { name: "mlp", hidden: [128, 128] },
};

/** The help of an option that takes such a name. */
export const networkText: string = `another network than that of the set: ${Object.keys(networks).join(", ")}`;

/** Reads a name, ignoring case. */
export function networkName(text: string): RecipeModel {
  const found = Object.hasOwn(networks, text.toLowerCase()) ? networks[text.toLowerCase()] : undefined;
  if (found) return found;
  throw new InvalidArgumentError(`Expected one of ${Object.keys(networks).join(", ")}.`);
}

/** Reads names with commas between them, as {@link networkName} does; a name twice counts once. */
export function networkNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.toLowerCase());
  for (const name of names) networkName(name);
  return [...new Set(names)];
}

/** Makes that network for such images. Throws ShapeError if it cannot take their size. */
export function networkFor(model: RecipeModel, shape: DataShape & { readonly name: string }): Model {
  return recipeModel({ model, data: { name: shape.name } }, shape);
}
