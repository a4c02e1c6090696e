// Reads a recipe from untrusted JSON, or throws an error that names the key.
import * as v from "valibot";
import { bytes as checkBytes, text } from "../checks/checks.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { jsonFromBytes } from "../codecs/json.ts";
import { FormatError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { quote, shortName } from "../quote.ts";
import type { Recipe } from "./recipe.ts";
import { recipeSchema, unknownKey } from "./schema.ts";

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
  const { success, output, issues } = v.safeParse(recipeSchema, value, { abortEarly: true });
  if (success) return output;
  throw new FormatError(`${source}: ${sentence(issues[0])}`);
}

/**
 * Reads the recipe in the bytes of a JSON file.
 *
 * @throws FormatError when the file is not JSON, is nested deeper than 32 levels, or has numbers that are not finite, and as
 * {@link parseRecipe} does.
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
  const { success, issues } = v.safeParse(recipeSchema, value, { abortEarly: true });
  if (success) return;
  const [{ kind, type, path, message }] = issues;
  const key = [name, ...(path ?? []).map(({ key }) => String(key))].join(".");
  const came = path?.at(-1)?.value;
  const expected = message.startsWith(unknownKey) ? `a key of a recipe: it ${message}` : message;
  const outside = kind === "validation" || (type === "picklist" && typeof came === "string");
  throw (outside ? outOfRange : wrongKind)(key, expected, came);
}

/** Returns a sentence such as "method.steps expected integer >= 1, got 0". */
function sentence({ path, input, message }: v.BaseIssue<unknown>): string {
  const key = path?.map(({ key }) => shortName(String(key), 60)).join(".") || "the whole";
  if (message.startsWith(unknownKey)) return `${key} ${message}`;
  const came = path ? path.at(-1)?.value : input;
  return `${key} expected ${message}, got ${came === undefined ? "nothing" : quote(came)}`;
}
