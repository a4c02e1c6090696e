// Reads a recipe from untrusted JSON, or throws an error that names the key.
import { bytes as checkBytes, text } from "../checks/checks.ts";
import { Misfit, read } from "../checks/read.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { jsonFromBytes } from "../codecs/json.ts";
import { FormatError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { quote, shortName } from "../quote.ts";
import { type Recipe, recipeKind } from "./recipe.ts";

/**
 * Checks a recipe and fills in what is left out by the defaults of the paper's reference code.
 *
 * @param value Plain data, as JSON.parse returns it. A name, `data` and `model` are needed; everything else has a default.
 * @param source The name in errors: a file.
 * @throws FormatError that names the first invalid key, what was expected and what came.
 * @example
 * parseRecipe({ name: "mine", data: { name: "digits" }, model: { name: "lenet" }, method: { steps: 1 } });
 */
export function parseRecipe(value: unknown, source: string = "recipe"): Recipe {
  text("source", source);
  try {
    return read(recipeKind, value, []);
  } catch (error) {
    throw error instanceof Misfit ? new FormatError(`${source}: ${sentence(error)}`) : error;
  }
}

/**
 * Reads the recipe in the bytes of a JSON file.
 *
 * @throws FormatError when the file is not JSON, is nested deeper than 32 levels, or has numbers that are not finite, and as
 * {@link parseRecipe} does.
 * @example
 * const recipe = recipeFromBytes(await readFile("recipe.json"), "recipe.json");
 */
export function recipeFromBytes(bytes: Uint8Array, source: string): Recipe {
  checkBytes("bytes", bytes);
  text("source", source);
  let value: unknown;
  try {
    value = jsonFromBytes(bytes, source);
  } catch (error) {
    // An error with a cause says that it is not JSON at all.
    const { cause } = error as { readonly cause?: Error };
    if (cause === undefined) throw error;
    throw new FormatError(`${source}: expected a recipe in JSON: ${shortName(cause.message)}`, { cause });
  }
  return parseRecipe(value, source);
}

/** Throws a TypeError or RangeError that names the part after `name`, unless `value` is a recipe with all its parts. */
export function checkRecipe(name: string, value: unknown): void {
  if (!isObject(value)) throw wrongKind(name, "what findRecipe or parseRecipe gives", value);
  try {
    read(recipeKind, value, []);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { path, why } = error;
    const expected = why === "key" ? `a key of a recipe: it ${unknownKey} ${error.expected}` : error.expected;
    throw (why === "range" ? outOfRange : wrongKind)([name, ...path].join("."), expected, error.value);
  }
}

const unknownKey = "is no key of a recipe";

/** Returns a sentence such as "method.steps expected integer >= 1, got 0". */
function sentence({ path, expected, value, why }: Misfit): string {
  const key = path.map((part) => shortName(part, 60)).join(".") || "the whole";
  if (why === "key") return `${key} ${unknownKey} ${expected}`;
  return `${key} expected ${expected}, got ${value === undefined ? "nothing" : quote(value)}`;
}
