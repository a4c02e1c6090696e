// Runs that go on: finds the checkpoint in a run's folder, and asks a person whether to go on from it.
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { RunState } from "../../distill/run-state.ts";
import { FormatError } from "../../errors.ts";
import { isObject } from "../../kinds.ts";
import { readBytes } from "../../node/files.ts";
import { loadCheckpoint } from "../../node.ts";
import { parseRecipe, type Recipe } from "../../recipes.ts";
import { printable, UsageError, withPath, writeNote } from "../errors.ts";
import { checkpointName, previousName } from "../output/older-run.ts";
import { fromFolder, portableRecipe } from "./recipe-file.ts";

/** The run that another one goes on with. */
export interface ResumedRun {
  readonly folder: string;
  /** The file of the checkpoint. */
  readonly path: string;
  readonly state: RunState;
  readonly recipe: Recipe;
  /** How many outer steps it was to take. */
  readonly steps: number;
  /** How long it had run. */
  readonly seconds: number;
}

/** What a checkpoint of the command notes beside the state. */
export function checkpointNote(
  { recipe, ...counts }: Pick<ResumedRun, "recipe" | "steps" | "seconds">,
  folder: string,
): Readonly<Record<string, unknown>> {
  return { recipe: portableRecipe(recipe, folder), ...counts };
}

/**
 * Loads the last checkpoint of the run in `folder`; the one before if the last is damaged, which is told.
 *
 * @throws UsageError if there is none; FormatError for a file that is no checkpoint of this command.
 */
export async function loadResumed(folder: string): Promise<ResumedRun> {
  const file = join(folder, checkpointName);
  const { state, note, path, fault } = await loadCheckpoint(file).catch((error) => {
    if (error.code !== "ENOENT") throw withPath(error, file);
    throw new UsageError(`${folder}: expected the folder of a run, with ${checkpointName} to go on from, got none`);
  });
  if (fault instanceof FormatError) writeNote(`${fault.message}; going on from the checkpoint before it, ${path}`);
  const { recipe, steps, seconds } = note;
  if (!isObject(recipe) || !isCount(steps) || !isCount(seconds)) {
    throw new FormatError(`${path}: expected a checkpoint of \`distillate run\`, got one of another program`);
  }
  return { folder, path, state, steps, seconds, recipe: fromFolder(parseRecipe(recipe, `${path}: recipe`), folder) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** Returns the lines that the run's metrics.jsonl has about the steps up to its checkpoint. */
export async function metricsBefore({ folder, state }: ResumedRun): Promise<readonly string[]> {
  const bytes = await readBytes(join(folder, "metrics.jsonl")).catch(() => new Uint8Array());
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  const end = lines.findIndex((line) => !(stepOf(line) <= state.step));
  return end === -1 ? lines : lines.slice(0, end);
}

/** Returns the step of a line of metrics; NaN for anything else. */
function stepOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { readonly step?: unknown }).step);
  } catch {
    return Number.NaN;
  }
}

/** Where a person is asked. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Returns the run in `folder` if it was not finished, has the same recipe, and a person at the terminal wants to go on with
 * it. If nobody is there to ask, a note says how to go on.
 */
export async function offerToGoOn(
  folder: string,
  recipe: Recipe,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<ResumedRun | undefined> {
  const found = await loadResumed(folder).catch(() => undefined);
  if (!found || found.state.step >= found.steps || stepsOf(found.recipe) !== stepsOf(recipe)) return undefined;
  const what = `${folder} holds this run, which was stopped after outer step ${found.state.step} of ${found.steps}`;
  if (!input.isTTY || !output.isTTY) {
    const previous = join(folder, previousName);
    writeNote(
      `${what}; it is moved to ${previous}: --resume ${previous} goes on with it, into another folder by --out`,
    );
    return undefined;
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(printable(`${what}. Go on from there? [Y/n] `));
    return /^\s*n/i.test(answer) ? undefined : found;
  } finally {
    lines.close();
  }
}

/** Returns what decides the steps of a recipe's run, and not how many there are or how the set is judged. */
function stepsOf(recipe: Recipe): string {
  const { name, summary, evaluate, diverged, paper, outer, ...rest } = portableRecipe(recipe, ".");
  const { steps, epochs, ...schedule } = outer;
  return JSON.stringify({ ...rest, schedule });
}
