// The last run, kept in this browser (the origin private file system), so that a reload does not lose it.
import type { Settings } from "../lab/api.ts";
import type { History } from "./curves.ts";

/** What is stored beside the set. */
export interface Kept {
  readonly settings: Settings;
  readonly step: number;
  readonly dataName: string;
  readonly history: History;
}

const names = { set: "run.safetensors", about: "run.json" };

/** Returns undefined if the browser stores nothing, as in some private windows. */
async function folder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await navigator.storage?.getDirectory?.();
  } catch {
    return undefined;
  }
}

async function write(root: FileSystemDirectoryHandle, name: string, content: Uint8Array | string): Promise<void> {
  const file = await root.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  await stream.write(content as Uint8Array<ArrayBuffer> | string);
  await stream.close();
}

/** Stores a run; a page that cannot store one still runs it. */
export async function keep(set: Uint8Array, about: Kept): Promise<void> {
  const root = await folder();
  if (!root) return;
  try {
    await write(root, names.set, set);
    await write(root, names.about, JSON.stringify(about));
  } catch (error) {
    console.info("the run is not kept:", error);
  }
}

export async function recall(): Promise<{ set: Uint8Array; about: Kept } | undefined> {
  const root = await folder();
  try {
    const read = async (name: string): Promise<File> => (await root!.getFileHandle(name)).getFile();
    const about: Kept = JSON.parse(await (await read(names.about)).text());
    const set = new Uint8Array(await (await read(names.set)).arrayBuffer());
    return { set, about };
  } catch {
    return undefined;
  }
}

export async function forget(): Promise<void> {
  const root = await folder();
  for (const name of Object.values(names)) await root?.removeEntry(name).catch(() => {});
}
