// A recipe out of untrusted JSON, or an error that names the key.
import * as v from "valibot";
import { FormatError } from "../errors.ts";
import { jsonFromBytes } from "../formats/json.ts";
import { quote, shortName } from "../formats/quote.ts";
import type { Recipe } from "./recipe.ts";
import { recipeSchema, unknownKey } from "./schema.ts";

/**
 * Checks a recipe and fills in what is left out with what the paper's reference code has.
 *
 * @param value Plain data, as JSON.parse gives it. Wanted are a name, `data` and `model`; everything else has a default.
 * @param source What errors call it: a file.
 * @throws FormatError that names the key, what was expected and what came; of several the first.
 * @example
 * parseRecipe({ name: "mine", data: { name: "digits" }, model: { name: "lenet" }, method: { steps: 1 } });
 */
export function parseRecipe(value: unknown, source: string = "recipe"): Recipe {
  const { success, output, issues } = v.safeParse(recipeSchema, value, { abortEarly: true });
  if (success) return output;
  throw new FormatError(`${source}: ${sentence(issues[0])}`);
}

/**
 * The recipe in the bytes of a JSON file.
 *
 * @throws FormatError where it is no JSON, nested deeper than 32 levels, or has numbers that are not finite, and as {@link parseRecipe}.
 */
export function recipeFromBytes(bytes: Uint8Array, source: string): Recipe {
  let value: unknown;
  try {
    value = jsonFromBytes(bytes, source);
  } catch (error) {
    // With a cause it is no JSON at all.
    const { cause } = error as { readonly cause?: Error };
    if (cause === undefined) throw error;
    throw new FormatError(`${source}: expected a recipe in JSON: ${shortName(cause.message)}`, { cause });
  }
  return parseRecipe(value, source);
}

/** "method.steps expected integer >= 1, got 0". */
function sentence({ path, input, message }: v.BaseIssue<unknown>): string {
  const key = path?.map(({ key }) => shortName(String(key), 60)).join(".") || "the whole";
  if (message.startsWith(unknownKey)) return `${key} ${message}`;
  const came = path ? path.at(-1)?.value : input;
  return `${key} expected ${message}, got ${came === undefined ? "nothing" : quote(came)}`;
}
