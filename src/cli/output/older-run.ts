// A folder holds the files of one run. Those of an older one are moved out of the way before the first file of a new one is
// written: into previous/, which keeps the run before.
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../node/files.ts";

/** The files of a finished run. */
export const runFiles: readonly string[] = [
  "images.png",
  "distilled.safetensors",
  "distilled.npz",
  "metrics.jsonl",
  "recipe.json",
  "result.json",
];

/** Where the run before is kept, in the folder of the one after it. */
export const previousName = "previous";
/** Where it is put together: a program that is killed in between goes on with it when it is started again. */
const partialName = ".previous.tmp";

/** What belongs to a run: its files, the page that `report` makes of them, and what a killed program was writing. */
function belongs(name: string): boolean {
  return runFiles.includes(name) || name === "report.html" || isTemporary(name);
}

function isTemporary(name: string): boolean {
  return runFiles.some((file) => name.startsWith(`.${file}.`)) && name.endsWith(".tmp");
}

/** Whether the folder holds a run that learned something. */
export async function holdsRun(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) => name.startsWith("distilled.") && runFiles.includes(name));
}

/**
 * Moves the files of an older run into previous/, in the place of the run there; of a run that learned nothing, and of a
 * program that was killed, they are deleted.
 */
export async function moveOlderRun(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter(belongs);
  const partial = join(folder, partialName);
  const begun = await exists(partial);
  const keep = begun || (await holdsRun(folder));
  for (const name of names.filter((name) => !keep || isTemporary(name))) await rm(join(folder, name), { force: true });
  if (!keep) return;
  await makeFolder(partial);
  for (const name of names.filter((name) => !isTemporary(name))) await rename(join(folder, name), join(partial, name));
  await rm(join(folder, previousName), { recursive: true, force: true });
  await rename(partial, join(folder, previousName));
}

async function exists(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}
