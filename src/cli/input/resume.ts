// Runs that go on: finds the checkpoint in a run's folder, and asks a person whether to go on from it.
import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { methodOf } from "../../distill/methods/methods.ts";
import type { RunState } from "../../distill/run-state.ts";
import { FormatError } from "../../errors.ts";
import { isObject } from "../../kinds.ts";
import { readBytes } from "../../node/files.ts";
import { locked } from "../../node/lock.ts";
import { loadCheckpoint } from "../../node.ts";
import { parseRecipe, type Recipe } from "../../recipes.ts";
import { laterOuter, without } from "../../run/options/spec.ts";
import { InterruptedError, isGone, printable, UsageError, withPath, writeNote } from "../errors.ts";
import { linesOf, longestLine } from "../output/metrics-file.ts";
import { bringBack, checkpointName, mendMove, previousName } from "../output/older-run.ts";
import type { RunFolder } from "../output/run-folder.ts";
import { fromFolder, portableRecipe, recordedRecipe } from "./recipe-file.ts";

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
  diverged?: Recipe["diverged"],
): Readonly<Record<string, unknown>> {
  return { recipe: recordedRecipe(recipe, folder, { diverged }), ...counts };
}

/**
 * Loads the last checkpoint of the run in `folder`; the one before if the last is damaged, which is told.
 *
 * @throws UsageError if there is none; FormatError for a file that is no checkpoint of this command.
 */
export async function loadResumed(folder: string): Promise<ResumedRun> {
  await mendMove(folder);
  const { fault, ...found } = await findResumed(folder);
  if (fault instanceof FormatError) {
    writeNote(`${fault.message}; going on from the checkpoint before it, ${found.path}`);
  }
  return found;
}

async function findResumed(folder: string): Promise<ResumedRun & { readonly fault?: Error | undefined }> {
  const file = join(folder, checkpointName);
  const { state, note, path, fault } = await loadCheckpoint(file).catch((error) => {
    if (!isGone(error)) throw withPath(error, file);
    throw new UsageError(`${folder}: expected the folder of a run, with ${checkpointName} to go on from, got none`);
  });
  const { recipe, steps, seconds } = note;
  if (!isObject(recipe) || !isCount(steps) || !isCount(seconds)) {
    throw new FormatError(`${path}: expected a checkpoint of \`distillate run\`, got one of another program`);
  }
  const here = fromFolder(parseRecipe(recipe, `${path}: recipe`), folder);
  return { folder, path, state, steps, seconds, recipe: here, fault };
}

/** Returns whether a value is a number of steps or seconds that a run can have. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/**
 * Returns the folder for the files of a run that goes on: its own under the name that it has here, or `out`.
 *
 * @throws UsageError for the folder in whose previous/ the run is, because the next run there replaces that.
 */
export async function folderFor({ folder }: ResumedRun, out: string = folder): Promise<string> {
  const [own, wanted, replaced] = await Promise.all([folder, out, join(out, previousName)].map(withoutLinks));
  if (own === wanted) return folder;
  if (own === replaced) {
    throw new UsageError(
      `--out expected another folder than ${out}: a run there replaces ${folder}, which is to go on`,
    );
  }
  return out;
}

async function withoutLinks(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

/**
 * Checks a run that is to take `steps` outer steps in all, with its files in the locked folder `out`.
 *
 * @throws UsageError if it has taken more steps; Error if another process wrote into its folder after the checkpoint was loaded,
 * as it can while a person is asked.
 */
export async function checkGoesOn({ folder, path, state }: ResumedRun, out: string, steps: number): Promise<void> {
  if (steps < state.step) {
    throw new UsageError(`expected at least the ${state.step} outer steps that ${path} comes after, got ${steps}`);
  }
  if (out !== folder) return;
  const { state: now } = await findResumed(folder);
  if (now.step === state.step && JSON.stringify(now.spec) === JSON.stringify(state.spec)) return;
  throw new Error(`${folder}: expected the run as it was, but another process has written there; try once more`);
}

/**
 * Writes the first file of a run into its folder: after those of the run that it goes on with, or in place of those of an
 * older one. Returns the lines of metrics that the run has.
 */
export async function beginIn(folder: RunFolder, before: ResumedRun | undefined): Promise<readonly string[]> {
  const lines = before ? await metricsBefore(before) : [];
  if (before?.folder === folder.path) await folder.goOn(lines);
  else await folder.begin(lines);
  return lines;
}

/** Returns the lines that the run's metrics.jsonl has about the steps up to its checkpoint. */
async function metricsBefore({ folder, state }: ResumedRun): Promise<readonly string[]> {
  const path = join(folder, "metrics.jsonl");
  const bytes = await readBytes(path).catch((error) => {
    if (isGone(error)) return new Uint8Array();
    // Lines that cannot be read now must not be overwritten.
    throw withPath(error, path);
  });
  const { step: last, halvings = [] } = state;
  const decoder = new TextDecoder();
  const lines: string[] = [];
  for (const { start, end } of linesOf(bytes)) {
    // A blank line, or one that this command did not write.
    if (end === start || end - start > longestLine) continue;
    const line = decoder.decode(bytes.subarray(start, end));
    const { step, halvings: times } = metricOf(line);
    // Lines of steps that the run took before it went back stay.
    if (times < halvings.length ? step > 0 : times === halvings.length && step <= last) lines.push(line);
  }
  return lines;
}

/** Returns the loss of the last outer step in lines of metrics; null if they have none. */
export function lastLoss(lines: readonly string[]): number | null {
  return lines.map((line) => metricOf(line).loss).findLast((loss) => loss !== undefined) ?? null;
}

/** Returns what a line of metrics says; the step of anything else is NaN. */
function metricOf(line: string): {
  readonly step: number;
  readonly halvings: number;
  readonly loss?: number | undefined;
} {
  try {
    const { step, halvings, loss } = JSON.parse(line);
    return {
      step: typeof step === "number" ? step : Number.NaN,
      halvings: typeof halvings === "number" ? halvings : 0,
      loss: typeof loss === "number" ? loss : undefined,
    };
  } catch {
    return { step: Number.NaN, halvings: 0 };
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
  // While another run writes there it is not stopped: nothing is offered, and the folder's lock refuses this run.
  const found = await locked(folder, async () => {
    await bringBack(folder);
    return findResumed(folder);
  }).catch(() => undefined);
  if (!found || found.state.step >= found.steps || stepsOf(found.recipe) !== stepsOf(recipe)) return undefined;
  const { diverged } = found.recipe;
  const again = diverged && recipe.outer.onDivergence === "stop";
  const end = diverged ? `diverged in outer step ${diverged.step}` : `was stopped after outer step ${found.state.step}`;
  const what = `${folder} holds this run, which ${end} of ${found.steps}`;
  if (again || !input.isTTY || !output.isTTY) {
    const previous = join(folder, previousName);
    writeNote(
      `${what}; it is moved to ${previous}: --resume ${previous}${again ? " --on-divergence halve" : ""} goes on with it, ` +
        "into another folder by --out",
    );
    return undefined;
  }
  return (await agreed(`${what}. Go on from there? [Y/n] `, input, output)) ? found : undefined;
}

/** Says of a run that diverged that it will do so again, unless it is to go back then. */
export function noteDivergence({ recipe: { diverged }, folder }: ResumedRun, { outer }: Recipe): void {
  if (!diverged || outer.onDivergence === "halve") return;
  writeNote(`the run in ${folder} diverged in outer step ${diverged.step}, and will again: add --on-divergence halve`);
}

/**
 * Asks until the answer is yes, which the Enter key alone says too, or no.
 *
 * @throws InterruptedError after Ctrl-C, or at the end of the input.
 */
async function agreed(question: string, input: Terminal["input"], output: Terminal["output"]): Promise<boolean> {
  const lines = createInterface({ input, output });
  const closed = new Promise<never>((_, reject) => lines.once("close", () => reject(new InterruptedError())));
  try {
    for (;;) {
      const answer = (await Promise.race([lines.question(printable(question)), closed])).trim();
      if (/^(y|yes|)$/i.test(answer)) return true;
      if (/^(n|no)$/i.test(answer)) return false;
    }
  } catch (error) {
    // The terminal's cursor still stands behind the question.
    output.write("\n");
    throw (error as Error).name === "AbortError" ? new InterruptedError() : error;
  } finally {
    lines.close();
  }
}

/** Returns what decides the steps of a recipe's run, and not how many there are or how the set is judged. */
function stepsOf(recipe: Recipe): string {
  const { name, summary, evaluate, diverged, halvings, paper, outer, method, ...rest } = portableRecipe(recipe, ".");
  const later = laterOuter(outer);
  const schedule = without(outer, later.includes("steps") ? [...later, "epochs"] : later);
  return JSON.stringify({ ...rest, schedule, method: without(method, methodOf(method).changesNoBit ?? []) });
}
