// Checkpoints on a disk: the last one, and the one before for a last one that is damaged. At any moment one of them is whole.
import { text } from "../checks/checks.ts";
import type { RunState } from "../distill/run-state.ts";
import { type Checkpoint, checkpointToBytes } from "../formats/checkpoint-file.ts";
import { earlierCheckpoint, type LoadedCheckpoint, lastCheckpoint } from "../formats/last-checkpoint.ts";
import { readBytes, replaceFile } from "./files.ts";

/**
 * Saves the state of a run, and keeps the file that was there as "NAME.previous.safetensors". At any moment one of the two is
 * whole. On a disk the file is written under another name, synced and renamed, so that not even a power cut loses both. In a
 * page it is a file of the origin private file system, and `path` a name without folders.
 *
 * @param note Plain data to find again.
 * @throws TypeError for what is no state; UnsupportedError in a page that cannot keep files; else the file system's error, and
 * the old checkpoints stay.
 * @example
 * for await (const { step } of run) if (step % 100 === 0) await saveCheckpoint("run.safetensors", await run.state());
 */
export async function saveCheckpoint(path: string, state: RunState, note: Checkpoint["note"] = {}): Promise<void> {
  text("path", path);
  await replaceFile(path, await checkpointToBytes({ state, note }), earlierCheckpoint(path));
}

/**
 * Loads what `saveCheckpoint` wrote; if that file is damaged or gone, the one before it.
 *
 * @throws FormatError that names the file if it is damaged and there is none before it; UnsupportedError in a page that cannot
 * keep files; else the file system's error.
 * @example
 * const { state } = await loadCheckpoint("run.safetensors");
 * const run = distill({ ...options, resume: state });
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  text("path", path);
  return lastCheckpoint(
    path,
    (path) => readBytes(path),
    (error) => (error as NodeJS.ErrnoException).code === "ENOENT",
  );
}
