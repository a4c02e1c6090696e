// Of two checkpoints the last one that is whole, wherever they are stored.
import { FormatError } from "../errors.ts";
import { type Checkpoint, checkpointFromBytes } from "./checkpoint-file.ts";

/** A checkpoint from a file. */
export interface LoadedCheckpoint extends Checkpoint {
  /** The file: the one that was asked for, or the one before it. */
  readonly path: string;
  /** Why the file that was asked for could not be read, if this is the one before it. */
  readonly fault?: Error | undefined;
}

/** Returns the name of the checkpoint before: "run.previous.safetensors" for "run.safetensors". */
export function earlierCheckpoint(path: string): string {
  return path.replace(/(?<=[^/\\])(\.[^./\\]*)?$/, ".previous$1");
}

/**
 * Loads a checkpoint; if its file is damaged or not there, the one before it. Throws what is wrong with the first if neither
 * can be loaded.
 *
 * @param read Returns the bytes of a file.
 * @param isMissing Whether `read` threw this because the file is not there.
 */
export async function lastCheckpoint(
  path: string,
  read: (path: string) => Promise<Uint8Array>,
  isMissing: (error: unknown) => boolean,
): Promise<LoadedCheckpoint> {
  const load = async (path: string): Promise<LoadedCheckpoint> => ({
    ...(await checkpointFromBytes(await read(path), path)),
    path,
  });
  try {
    return await load(path);
  } catch (error) {
    if (!(error instanceof FormatError || isMissing(error))) throw error;
    const before = await load(earlierCheckpoint(path)).catch(() => undefined);
    if (before === undefined) throw error;
    return { ...before, fault: error as Error };
  }
}
