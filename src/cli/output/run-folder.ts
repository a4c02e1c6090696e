// The folder of a run. Every file in it is complete at any moment, except metrics.jsonl, which grows by a line per outer step.
// A full, read-only or missing disk does not end a run: what cannot be written is kept, and goes elsewhere at the end.
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { contactSheet } from "../../formats/contact-sheet.ts";
import { distilledToNpz, distilledToSafetensors } from "../../formats/distilled-file.ts";
import { growthAnimation } from "../../formats/growth.ts";
import { earlierCheckpoint } from "../../formats/last-checkpoint.ts";
import type { DistilledSet, Progress } from "../../index.ts";
import { makeFolder, replaceFile } from "../../node/files.ts";
import { type FolderLock, lockFolder } from "../../node/lock.ts";
import { writeFileAtomic } from "../../node.ts";
import { isFull, isGone, systemReason, withPath } from "../errors.ts";
import { LinesFile } from "./lines-file.ts";
import { checkpointName, clearForMore, growthName, holdsRun, moveOlderRun, previousName } from "./older-run.ts";

/** The time between two pictures: a person can watch digits form, and drawing does not slow the run down. */
const pictureMilliseconds = 10_000;
/** The wait between two attempts on a disk that has no room. */
const waitMilliseconds = 1000;

/**
 * What metrics.jsonl records about each outer step, and about the evaluations in between. After a run went back its lines
 * have `halvings`, how often it did: they take the place of earlier lines of the same steps.
 */
export type Metric = {
  readonly step: number;
  readonly halvings?: number;
  /** Since the run began. */
  readonly seconds: number;
} & (
  | { readonly loss: number; readonly outerLearningRate: number }
  | { readonly accuracy: { readonly mean: number; readonly std: number; readonly networks: number } }
);

/** Returns how often the run had gone back, as its lines of metrics say it. */
export function halvingCount({ halvings = [] }: Pick<Progress, "halvings">): Pick<Metric, "halvings"> {
  return halvings.length > 0 ? { halvings: halvings.length } : {};
}

/** The connection to the user of a run. */
export interface Watcher {
  /** Called when files cannot be written during the run. */
  note(text: string): void;
  /** Aborted when the user wants the run to end. */
  readonly signal: AbortSignal;
}

/** Makes the bytes of a file in this folder: paths in it are relative to there. */
export type Content = (folder: string) => Uint8Array | Promise<Uint8Array>;

export class RunFolder {
  /** The folder where the user wants the files. */
  readonly path: string;
  /** The folder to which an earlier run is about to be moved, if there is one. */
  readonly previous: string | undefined;
  readonly #lock: FolderLock;
  readonly #note: Watcher["note"];
  readonly #signal: AbortSignal;
  readonly #metrics: LinesFile;
  /** The files that were saved, in this order. */
  readonly #saved = new Map<string, Content>();
  /** Where the files are instead, and why. */
  #elsewhere: { readonly path: string; readonly reason: string } | undefined;
  /** Why the folder cannot be written, in the words of the last message. */
  #reason: string | undefined;
  #pictureAt = Number.NEGATIVE_INFINITY;

  private constructor(path: string, previous: string | undefined, lock: FolderLock, { note, signal }: Watcher) {
    this.path = path;
    this.previous = previous;
    this.#lock = lock;
    this.#note = note;
    this.#signal = signal;
    this.#metrics = new LinesFile(join(path, "metrics.jsonl"), (error) => this.#told(error));
  }

  /** Creates the folder, and locks it for this run: a run that cannot be saved fails before it starts and not after. */
  static async create(path: string, watcher: Watcher): Promise<RunFolder> {
    return writing(path, async () => {
      await makeFolder(path);
      const lock = await lockFolder(path);
      const previous = (await holdsRun(path)) ? join(path, previousName) : undefined;
      return new RunFolder(path, previous, lock, watcher);
    });
  }

  /** Moves the files of an earlier run away, and writes the first file of this one. A run that goes on has lines already. */
  async begin(lines: readonly string[] = []): Promise<void> {
    await writing(this.path, () => moveOlderRun(this.path));
    for (const line of lines) this.#metrics.add(line);
    await writing(join(this.path, "metrics.jsonl"), () => this.#metrics.flush());
  }

  /** Goes on with the run whose files are in the folder, after these lines of its metrics. */
  async goOn(lines: readonly string[]): Promise<void> {
    const path = join(this.path, "metrics.jsonl");
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
    await writing(path, () => writeFileAtomic(path, bytes));
    this.#metrics.goOn(lines);
    await writing(this.path, () => clearForMore(this.path));
  }

  /** Saves the state of the run that is under way. If that fails, the run goes on, and the user is told. */
  async saveCheckpoint(checkpoint: Content): Promise<void> {
    const bytes = await checkpoint(this.path);
    try {
      // The lines of all steps before the checkpoint are in the file when it is.
      await this.#metrics.flush();
      await write(join(this.path, checkpointName), bytes);
    } catch (error) {
      await this.#told(error);
    }
  }

  /** Appends a line. If that fails, the run goes on, and the user is told. */
  addMetric(metric: Metric): void {
    this.#metrics.add(JSON.stringify(metric));
  }

  /** Draws images.png, at most once in ten seconds. If that fails, the run goes on, and the user is told. */
  async refreshPicture(set: () => Promise<DistilledSet>): Promise<void> {
    const now = performance.now();
    if (now - this.#pictureAt < pictureMilliseconds) return;
    this.#pictureAt = now;
    const bytes = await contactSheet(await set());
    await writeFileAtomic(join(this.path, "images.png"), bytes).catch((error: unknown) => this.#told(error));
  }

  /** Writes everything except result.json, the most important file first. */
  async saveSet(set: DistilledSet, recipe: Content, checkpoint: Content | undefined): Promise<void> {
    await this.#save("distilled.safetensors", () => distilledToSafetensors(set));
    await this.#save("distilled.npz", () => distilledToNpz(set));
    if (checkpoint) await this.#save(checkpointName, checkpoint);
    await this.#save("recipe.json", recipe);
    await this.#save("images.png", () => contactSheet(set));
    await this.#somewhere(() => this.#metrics.flush());
  }

  /** Writes the animation of how the images grew. */
  async saveGrowth(sets: readonly DistilledSet[]): Promise<void> {
    await this.#save(growthName, () => growthAnimation(sets));
  }

  async saveResult(result: object): Promise<void> {
    await this.#save("result.json", () => new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
  }

  /** The folder that holds the files. */
  get savedIn(): string {
    return this.#elsewhere?.path ?? this.path;
  }

  /** Throws an Error that says where the files are, unless they are where the user wants them. */
  check(): void {
    if (!this.#elsewhere) return;
    const { path, reason } = this.#elsewhere;
    throw new Error(`cannot write ${this.path}: ${reason}; the files of this run are in ${path}`);
  }

  /** Releases the folder, also after a failed run; may be called twice. */
  async close(): Promise<void> {
    await this.#metrics.close();
    await this.#lock.release();
  }

  async #save(name: string, content: Content): Promise<void> {
    this.#saved.set(name, content);
    const bytes = await content(this.savedIn);
    await this.#somewhere(() => write(join(this.savedIn, name), bytes));
  }

  async #saveAll(folder: string): Promise<void> {
    for (const [name, content] of this.#saved) await writeFileAtomic(join(folder, name), await content(folder));
  }

  /** Writes into the folder, which is made again if it is gone; else writes all files that were saved into another one. */
  async #somewhere(write: () => Promise<void>): Promise<void> {
    try {
      return await write();
    } catch (error) {
      if (this.#elsewhere) throw withPath(error, `cannot write ${this.#elsewhere.path}`);
      const fault = await this.#makeAgain();
      if (fault !== undefined) await this.#goElsewhere(fault);
    }
  }

  /** Writes all files, into the folder or a new one in its place. Returns the error that prevents it. */
  async #makeAgain(): Promise<unknown> {
    try {
      await makeFolder(this.path);
      await this.#lock.renew();
      await this.#saveAll(this.path);
      await this.#metrics.flush();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #goElsewhere(fault: unknown): Promise<void> {
    let full = isFull(fault);
    const stoppedBefore = this.#signal.aborted;
    for (let said = false; ; said = true) {
      for (const folder of [tmpdir(), homedir()]) {
        let path: string | undefined;
        try {
          path = await mkdtemp(join(folder, `distillate-${basename(resolve(this.path))}-`));
          await this.#saveAll(path);
          await this.#metrics.moveTo(join(path, "metrics.jsonl"));
          this.#elsewhere = { path, reason: reasonOf(fault) };
          return;
        } catch (error) {
          full ||= isFull(error);
          if (path !== undefined) await rm(path, { recursive: true, force: true }).catch(() => {});
        }
      }
      if (!full || (this.#signal.aborted && !stoppedBefore)) {
        throw new Error(`cannot write ${this.path}, nor any folder for temporary files: ${reasonOf(fault)}`);
      }
      if (!said) {
        const advice = "waiting for room to save the images: make some, or press Ctrl-C to give them up";
        this.#note(`cannot write ${this.path}: ${reasonOf(fault)}; ${advice}`);
      }
      await new Promise((done) => setTimeout(done, waitMilliseconds));
      if ((await this.#makeAgain()) === undefined) return;
    }
  }

  /** Says once that the folder cannot be written, and when it can be again; makes the folder again if it is gone. */
  async #told(error: unknown): Promise<void> {
    const fault = error === undefined ? undefined : await this.#makeAgain();
    const reason = fault === undefined ? undefined : reasonOf(fault);
    if (isGone(error) && reason === undefined) this.#note(`${this.path} was gone, and was made again`);
    else if (reason === undefined && this.#reason !== undefined) this.#note(`${this.path} can be written again`);
    else if (reason !== undefined && reason !== this.#reason) {
      this.#note(`cannot write ${this.path}: ${reason}; the run goes on, and keeps what it has to write`);
    }
    this.#reason = reason;
  }
}

function reasonOf(error: unknown): string {
  return systemReason(error) ?? (error as Error).message;
}

/** Writes a file; the last two checkpoints are kept. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  await replaceFile(path, bytes, basename(path) === checkpointName ? earlierCheckpoint(path) : undefined);
}

/** Makes the error of a write name the file that was meant, not the temporary one. */
async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw withPath(error, `cannot write ${path}`);
  }
}
