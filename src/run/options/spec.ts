// The specification of a run: all that decides its bytes. A state goes on only in a run with the same one.
import { sha256OfPieces } from "../../codecs/sha256.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { RunSpec, RunState } from "../../distill/run-state.ts";
import { quote, shortName } from "../../quote.ts";

/** The most differences that a message names. */
const mostDifferences = 3;

/** Returns the names of those outer settings that change no step that a run has behind it. */
export function laterOuter({ cosineTo }: { readonly cosineTo?: unknown }): readonly string[] {
  return [...(cosineTo === undefined ? ["steps"] : []), "onDivergence", "mostHalvings"];
}

/**
 * Returns the specification of the run that has this recipe, as `distill` writes recipes, and these images. Names of data and
 * of classes are left out, and the options of the method that change no bit. Throws UnsupportedError if the host offers no
 * SHA-256.
 */
export async function specOf(
  recipe: Readonly<Record<string, unknown>>,
  data: Dataset,
  changesNoBit: readonly string[] = [],
): Promise<RunSpec> {
  return specWith(recipe, await specOfData(data), changesNoBit);
}

/** Returns the part of a specification that tells of the images. Throws UnsupportedError if the host offers no SHA-256. */
export async function specOfData(data: Dataset): Promise<object> {
  const { count, channels, height, width, classes, mean, std } = data;
  const [pixels, labels] = [await sha256OfPieces(data.pixels), await sha256OfPieces(data.labels)];
  return { count, channels, height, width, classes, mean, std, pixels, labels };
}

/** Returns the specification of the run that has this recipe and images with that part. */
export function specWith(
  recipe: Readonly<Record<string, unknown>>,
  images: object,
  changesNoBit: readonly string[] = [],
): RunSpec {
  const { version: _, outerSteps: __, halvings: ___, gpu: ____, outer, method, ...rest } = recipe;
  // What JSON leaves out is left out here too, so that a specification that was saved is equal to one that was not.
  const settings = {
    method: without(method, changesNoBit),
    outer: without(outer, laterOuter(outer as object)),
    data: images,
  };
  return JSON.parse(JSON.stringify({ ...rest, ...settings }));
}

/** Returns the settings but those of these names. */
export function without(settings: unknown, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(settings as object).filter(([name]) => !names.includes(name)));
}

/** Throws RangeError for a state of another version, or of a run with another specification, and says what differs. */
export function checkResumed(state: RunState, version: string, spec: RunSpec): void {
  const other = differences({ version: state.version, ...state.spec }, { version, ...spec });
  if (other === undefined) return;
  throw new RangeError(`"resume" expected a state of the same run, got one of a run with ${other}`);
}

/** Returns the first settings that `there` has instead of those of `here`, such as "seed 2 instead of 1"; undefined for none. */
export function differences(there: object, here: object): string | undefined {
  const [found, wanted] = [settingsOf(there), settingsOf(here)];
  const other = [...new Set([...wanted.keys(), ...found.keys()])].filter(
    (path) => wanted.get(path) !== found.get(path),
  );
  const named = other.slice(0, mostDifferences).map((path) => {
    return `${shortName(path)} ${quote(found.get(path))} instead of ${quote(wanted.get(path))}`;
  });
  return named.length === 0 ? undefined : named.join(", ");
}

/** Returns the single settings of plain data, by their paths: "outer.batch". */
function settingsOf(data: unknown, path: string = "", settings = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof data !== "object" || data === null) return settings.set(path, data);
  for (const [key, part] of Object.entries(data)) settingsOf(part, path + (path && ".") + key, settings);
  return settings;
}
