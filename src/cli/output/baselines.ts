// The baselines on the command line: reads a list of names, and measures what they name.
import { InvalidArgumentError } from "commander";
import {
  type BaselineKind,
  type BaselineOptions,
  type BaselineResult,
  baseline,
  baselineKinds,
  type ImageKind,
  type NeighborsResult,
  nearestNeighbors,
} from "../../index.ts";
import { type BaselineName, baselineNames } from "../../recipes/recipe.ts";
import { accuracy, interval, plural } from "./text.ts";

export { type BaselineName, baselineNames };

/** The measured result of one baseline. */
export type Measured = Omit<BaselineResult, "accuracies" | "kind"> | Omit<NeighborsResult, "accuracies">;

/** The measured results, by name. */
export type Baselines = { readonly [name in BaselineName]?: Measured };

/** Reads "a,b", "all" or "none"; a name twice counts once. */
export function baselineList(text: string): readonly BaselineName[] {
  if (text === "all") return baselineNames;
  if (text === "none") return [];
  const wanted = text.split(",");
  if (!wanted.every((name) => (baselineNames as readonly string[]).includes(name))) {
    throw new InvalidArgumentError(`Expected all, none, or some of ${baselineNames.join(",")}.`);
  }
  return baselineNames.filter((name) => wanted.includes(name));
}

/** The help of the option that takes such a list. */
export const baselinesText: string = "what to compare with: all, none, or names of `distillate help baselines`";

/** Measures one baseline after the other; `starting` and `done` are called for each. */
export async function measureBaselines(
  names: readonly BaselineName[],
  options: Omit<BaselineOptions, "kind">,
  starting: (name: BaselineName) => void,
): Promise<Baselines> {
  const measured: Baselines = {};
  for (const name of names) {
    starting(name);
    Object.assign(measured, { [name]: await measure(name, options) });
  }
  return measured;
}

async function measure(name: BaselineName, options: Omit<BaselineOptions, "kind">): Promise<Measured> {
  const trained = baselineKinds.find((kind) => kind === name);
  if (trained) {
    const { kind: _, accuracies: __, ...result } = await baseline({ ...options, kind: trained });
    return result;
  }
  const { like, train, test, draws, candidates, seed, engine, signal } = options;
  const perClass = Math.max(1, Math.floor((like.steps * like.imagesPerStep) / train.classes));
  const points = name.slice("nearest-".length) as ImageKind;
  const { accuracies: _, ...result } = await nearestNeighbors({
    ...{ points, train, test, perClass, draws, candidates, seed, engine, signal },
  });
  return result;
}

/** Returns a name for a reader, such as "nearest neighbour, random real images". */
export function baselineLabel(name: BaselineName): string {
  const kind = name.replace("nearest-", "") as BaselineKind;
  const text = {
    "random-real": "random real images",
    "optimized-real": "optimised real images",
    "class-average": "class averages",
    "k-means": "k-means centres",
    "k-center": "k-center images",
    herding: "herding images",
    "random-soft": "random real images with soft labels of a teacher",
  }[kind];
  return kind === name ? text : `${text}, nearest neighbour`;
}

/** Says how the figure was measured: "20 networks, learning rate 0.05". */
function noteOf(result: Measured, fixed: boolean): string {
  if (!("networks" in result)) return plural(result.draws, "draw");
  const epochs = plural(result.epochs, "epoch");
  return `${plural(result.networks, fixed ? "choice" : "network")}, learning rate ${result.learningRate}, ${epochs}`;
}

/** Returns the rows of a table: name, accuracy, interval and note of each. */
export function baselineRows(baselines: Baselines, fixed: boolean): string[][] {
  return (Object.entries(baselines) as [BaselineName, Measured][]).map(([name, result]) => [
    `  ${baselineLabel(name)}`,
    accuracy(result),
    interval(result),
    noteOf(result, fixed),
  ]);
}
