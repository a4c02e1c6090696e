// A folder holds the files of one run. Before the first file of a new run is written, those of an older one are moved to
// previous/, which keeps the run before.
import { readdir, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { earlierCheckpoint } from "../../formats/last-checkpoint.ts";
import { makeFolder } from "../../node/files.ts";
import { locked } from "../../node/lock.ts";
import { UsageError } from "../errors.ts";

/** The state of a run, from which it can go on. */
export const checkpointName = "checkpoint.safetensors";

/** The files of a finished run. */
export const runFiles: readonly string[] = [
  "images.png",
  "distilled.safetensors",
  "distilled.npz",
  "metrics.jsonl",
  "recipe.json",
  "result.json",
  checkpointName,
];

/** The folder of the previous run, in that of the next one. */
export const previousName = "previous";
/** The folder in which it is assembled, until all its files are there. */
const partialName = ".previous.tmp";

/** The animation of a run that was asked for one. */
export const growthName = "growth.png";

/** The files that a run may have beside these: the checkpoint before the last one, and the page that `report` makes. */
const otherFiles: readonly string[] = [earlierCheckpoint(checkpointName), growthName, "report.html"];

/** Returns whether a file belongs to a run: its files, and what a killed program was writing. */
function belongs(name: string): boolean {
  return runFiles.includes(name) || otherFiles.includes(name) || isTemporary(name);
}

function isTemporary(name: string): boolean {
  return [...runFiles, growthName].some((file) => name.startsWith(`.${file}.`)) && name.endsWith(".tmp");
}

/** Returns whether the folder holds a run that learned something: a set, or a state to go on from. */
export async function holdsRun(folder: string): Promise<boolean> {
  const kept = (name: string): boolean => name.startsWith("distilled.") || name.startsWith("checkpoint.");
  return (await readdir(folder)).some((name) => kept(name) && belongs(name));
}

/** Deletes what a killed program was writing, and the result of a run that goes on. */
export async function clearForMore(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isTemporary(name) || name === "result.json") await rm(join(folder, name), { force: true });
  }
}

/**
 * Moves the files of an older run to previous/, and replaces the run there. The files of a run that learned nothing, and
 * those of a killed program, are deleted.
 *
 * @throws Error if a run goes on in previous/; then nothing was moved.
 */
export async function moveOlderRun(folder: string): Promise<void> {
  const previous = join(folder, previousName);
  if (await exists(previous)) await locked(previous, () => moveFiles(folder, previous));
  else await moveFiles(folder, previous);
}

/**
 * Mends a move that a program was killed in, before a run in `folder` goes on. If `folder` is previous/ and not there yet, the
 * move is ended; otherwise what was moved is brought back.
 *
 * @throws UsageError for previous/ with an older run than the one that was to come there; Error if another process writes there.
 */
export async function mendMove(folder: string): Promise<void> {
  const above = join(folder, "..");
  if (basename(resolve(folder)) === previousName && (await exists(join(above, partialName)))) {
    if (!(await exists(folder))) return locked(above, () => moveOlderRun(above));
    await locked(above, () => bringBack(above));
    throw new UsageError(
      `${folder}: the program that was to move the run in ${above} here was killed; --resume ${above} goes on with that run, ` +
        "and the same command once more with the older one here",
    );
  }
  if (await exists(join(folder, partialName))) await locked(folder, () => bringBack(folder));
}

/** Brings back what a killed program has moved out of the locked folder. */
export async function bringBack(folder: string): Promise<void> {
  const partial = join(folder, partialName);
  if (!(await exists(partial))) return;
  for (const name of await readdir(partial)) await rename(join(partial, name), join(folder, name));
  await rm(partial, { recursive: true, force: true });
}

async function moveFiles(folder: string, previous: string): Promise<void> {
  const names = (await readdir(folder)).filter(belongs);
  const partial = join(folder, partialName);
  const begun = await exists(partial);
  const keep = begun || (await holdsRun(folder));
  for (const name of names.filter((name) => !keep || isTemporary(name))) await rm(join(folder, name), { force: true });
  if (!keep) return;
  await makeFolder(partial);
  for (const name of names.filter((name) => !isTemporary(name))) await rename(join(folder, name), join(partial, name));
  await rm(previous, { recursive: true, force: true });
  await rename(partial, previous);
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}
