// The specification of a run: all that decides its bytes. A state goes on only in a run with the same one.
import { sha256OfPieces } from "../../codecs/sha256.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { RunSpec, RunState } from "../../distill/run-state.ts";
import { quote, shortName } from "../../quote.ts";

/** The most differences that a message names. */
const mostDifferences = 3;

/**
 * Returns the specification of the run that has this recipe, as `distill` writes recipes, and these images. Names of data and
 * of classes are left out. Throws UnsupportedError if the host offers no SHA-256.
 */
export async function specOf(recipe: Readonly<Record<string, unknown>>, data: Dataset): Promise<RunSpec> {
  const { version: _, outerSteps: __, outer, ...rest } = recipe;
  const { steps: ___, ...schedule } = outer as { readonly steps: number };
  const { count, channels, height, width, classes, mean, std } = data;
  const [pixels, labels] = [await sha256OfPieces(data.pixels), await sha256OfPieces(data.labels)];
  const images = { count, channels, height, width, classes, mean, std, pixels, labels };
  // What JSON leaves out is left out here too, so that a specification that was saved is equal to one that was not.
  return JSON.parse(JSON.stringify({ ...rest, outer: schedule, data: images }));
}

/** Throws RangeError for a state of another version, or of a run with another specification, and says what differs. */
export function checkResumed(state: RunState, version: string, spec: RunSpec): void {
  if (state.version !== version) {
    throw new RangeError(
      `"resume.version" expected "${version}", got ${quote(state.version)}: use that version to go on`,
    );
  }
  const found = [...differences(spec, state.spec, "")];
  if (found.length === 0) return;
  const named = found.slice(0, mostDifferences).join(", ");
  const more = found.length > mostDifferences ? ` and ${found.length - mostDifferences} more` : "";
  throw new RangeError(`"resume" expected a state of the same run, got one of a run with ${named}${more}`);
}

/** Names what is another in `got`, down to single settings: "outer.batch 30 instead of 60". */
function* differences(expected: unknown, got: unknown, path: string): Iterable<string> {
  if (hasParts(expected) && hasParts(got)) {
    const parts = new Map(Object.entries(got));
    for (const [key, part] of Object.entries(expected)) {
      yield* differences(part, parts.get(key), `${path}${key}.`);
      parts.delete(key);
    }
    for (const [key, part] of parts) yield* differences(undefined, part, `${path}${shortName(key)}.`);
  } else if (expected !== got) {
    yield `${path.slice(0, -1)} ${shown(got)} instead of ${shown(expected)}`;
  }
}

function hasParts(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? "left out" : quote(value);
}
