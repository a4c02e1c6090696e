// Checkpoints on a disk: the last one, and the one before for a last one that is damaged. At any moment one of them is whole.
import { basename, dirname, extname, join } from "node:path";
import { text } from "../checks/checks.ts";
import type { RunState } from "../distill/run-state.ts";
import { FormatError } from "../errors.ts";
import { type Checkpoint, checkpointFromBytes, checkpointToBytes } from "../formats/checkpoint-file.ts";
import { readBytes, replaceFile } from "./files.ts";

/** A checkpoint from a file. */
export interface LoadedCheckpoint extends Checkpoint {
  /** The file: the one that was asked for, or the one before it. */
  readonly path: string;
  /** Why the file that was asked for could not be read, if this is the one before it. */
  readonly fault?: Error | undefined;
}

/** Returns the name of the checkpoint before: "run.previous.safetensors" for "run.safetensors". */
export function earlierCheckpoint(path: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.previous${extension}`);
}

/**
 * Saves the state of a run, and keeps the file that was there as "NAME.previous.safetensors". The file is written under another
 * name, synced and renamed: a crash or a power cut at any moment leaves a whole checkpoint, the old one or the new one.
 *
 * @param note Plain data to find again.
 * @throws TypeError for what is no state; else the file system's error, and the old checkpoints stay.
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
 * @throws FormatError that names the file if it is damaged and there is none before it; else the file system's error.
 * @example
 * const { state } = await loadCheckpoint("run.safetensors");
 * const run = distill({ ...options, resume: state });
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  text("path", path);
  try {
    return await load(path);
  } catch (error) {
    if (!(error instanceof FormatError) && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const before = await load(earlierCheckpoint(path)).catch(() => undefined);
    if (before === undefined) throw error;
    return { ...before, fault: error as Error };
  }
}

async function load(path: string): Promise<LoadedCheckpoint> {
  return { ...(await checkpointFromBytes(await readBytes(path), path)), path };
}
