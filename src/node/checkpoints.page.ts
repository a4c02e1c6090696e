// Checkpoints in a page: the last one and the one before it, in the origin private file system. At any moment one is whole,
// because a file that exists gets its new content when its stream is closed, and the two are written one after the other.
import { text } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { RunState } from "../distill/run-state.ts";
import { FormatError, UnsupportedError } from "../errors.ts";
import { type Checkpoint, checkpointFromBytes, checkpointToBytes } from "../formats/checkpoint-file.ts";
import { earlierCheckpoint, type LoadedCheckpoint, lastCheckpoint } from "../formats/last-checkpoint.ts";

/** Saves the state of a run, as `saveCheckpoint` of checkpoints.ts describes it. */
export async function saveCheckpoint(path: string, state: RunState, note: Checkpoint["note"] = {}): Promise<void> {
  checkName(path);
  const bytes = await checkpointToBytes({ state, note });
  const folder = await storage();
  const old = await read(folder, path).catch((error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  // A damaged file must not take the place of the whole one before it.
  if (old && (await isWhole(old, path))) await write(folder, earlierCheckpoint(path), old);
  await write(folder, path, bytes);
}

/** Loads a checkpoint, as `loadCheckpoint` of checkpoints.ts describes it. */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  checkName(path);
  const folder = await storage();
  return lastCheckpoint(path, (name) => read(folder, name), isMissing);
}

function checkName(path: string): void {
  text("path", path);
  if (/[/\\]/.test(path)) throw outOfRange("path", "the name of a file, without folders", path);
}

async function storage(): Promise<FileSystemDirectoryHandle> {
  if (globalThis.navigator?.storage?.getDirectory === undefined) {
    throw new UnsupportedError(
      "no files in this page: serve it over https or from localhost, to a browser from 2023 or newer",
    );
  }
  // Safari before 26 writes such files in workers only.
  if (!("createWritable" in FileSystemFileHandle.prototype)) {
    throw new UnsupportedError("this browser lets no page write files: use Chrome 86, Firefox 111, Safari 26 or newer");
  }
  try {
    return await navigator.storage.getDirectory();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new UnsupportedError(`this browser keeps no files for this page, as in private windows: ${why}`, { cause });
  }
}

/** Throws a NotFoundError if there is no such file. */
async function read(folder: FileSystemDirectoryHandle, name: string): Promise<Uint8Array> {
  const handle = await folder.getFileHandle(name);
  for (let tries = 1; ; tries++) {
    const file = await handle.getFile();
    // A first save that was cut short leaves an empty file.
    if (file.size === 0) throw new DOMException(`${name} is empty`, "NotFoundError");
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      if (tries === MOST_READS || !wasReplaced(error)) throw error;
    }
  }
}

/** Reads of a file that another tab keeps replacing. */
const MOST_READS = 4;

/** A file is gone for those who have begun to read it when its new content comes; Firefox says AbortError. */
const wasReplaced = (error: unknown): boolean => ["NotReadableError", "AbortError"].includes((error as Error).name);

const isMissing = (error: unknown): boolean => (error as Error).name === "NotFoundError";

async function isWhole(bytes: Uint8Array, name: string): Promise<boolean> {
  try {
    await checkpointFromBytes(bytes, name);
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

async function write(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  try {
    await stream.write(bytes as Uint8Array<ArrayBuffer>);
    await stream.close();
  } catch (error) {
    // What was there before stays.
    await stream.abort().catch(() => {});
    throw error;
  }
}
