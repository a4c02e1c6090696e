// The last run, kept in this browser (the origin private file system), so that it goes on after a reload. The checkpoint has all
// that the run needs; the set of images is a file beside it, to show and to train on without the run.
import type { RunState } from "distillate";
import { loadCheckpoint, saveCheckpoint } from "distillate/checkpoint";
import type { Moment, Settings } from "../lab/api.ts";
import type { History } from "./curves.ts";

/** What is noted in the checkpoint. */
export interface About {
  readonly settings: Settings;
  readonly dataName: string;
  readonly history: History;
}

export interface Kept extends About {
  readonly state: RunState;
  /** A distilled set as a file; undefined if it is not there. */
  readonly set: Uint8Array | undefined;
  /** Whether the last checkpoint is damaged, and this is the one before it. */
  readonly older: boolean;
}

const names = {
  checkpoint: "distillate-demo.safetensors",
  before: "distillate-demo.previous.safetensors",
  set: "distillate-demo-images.safetensors",
};

/** What the runs were like that older versions of this page kept, which do not say it. */
const atFirst: Pick<Settings, "method" | "on"> = { method: "back-gradient", on: "wasm" };

/** The curves are drawn from at most so many points each; a checkpoint has little room for notes. */
const MOST_POINTS = 4000;

/** Stores a run. Throws what the browser says if it stores nothing. */
export async function keep({ state, set }: Moment, { settings, dataName, history }: About): Promise<void> {
  const upTo = <T extends readonly [step: number, value: number]>(points: readonly T[]): T[] => {
    const past = points.filter(([step]) => step <= state.step);
    const each = Math.ceil(past.length / MOST_POINTS);
    return past.filter((_, i) => (past.length - 1 - i) % each === 0);
  };
  const curves = { losses: upTo(history.losses), accuracies: upTo(history.accuracies) };
  await saveCheckpoint(names.checkpoint, state, { settings, dataName, history: curves });
  const root = await navigator.storage.getDirectory();
  const stream = await (await root.getFileHandle(names.set, { create: true })).createWritable();
  await stream.write(set as Uint8Array<ArrayBuffer>);
  await stream.close();
}

/** Returns undefined if nothing is kept, or nothing can be. Throws FormatError if all that is kept is damaged. */
export async function recall(): Promise<Kept | undefined> {
  try {
    const { state, note, fault } = await loadCheckpoint(names.checkpoint);
    const about = note as Partial<About>;
    // Another page of this origin may keep a file of that name.
    if (!about.settings || !about.dataName || !about.history) return undefined;
    const settings = { ...atFirst, ...about.settings };
    return { ...(about as About), settings, state, older: fault !== undefined, set: await keptSet() };
  } catch (error) {
    if (error instanceof Error && error.name === "FormatError") throw error;
    return undefined;
  }
}

async function keptSet(): Promise<Uint8Array | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle(names.set)).getFile();
    return file.size > 0 ? new Uint8Array(await file.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

export async function forget(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  for (const name of Object.values(names)) await root.removeEntry(name).catch(() => {});
}
