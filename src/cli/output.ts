// The folder of a run. Every file in it is whole at any moment but metrics.jsonl, which grows by a line per outer step.
import { createWriteStream, type WriteStream } from "node:fs";
import { access, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { contactSheet } from "../formats/contact-sheet.ts";
import type { DistilledSet } from "../index.ts";
import { saveDistilled, writeFileAtomic } from "../node.ts";
import { withPath } from "./errors.ts";

/** A person watching the picture sees digits form; the run is not held up by drawing. */
const pictureMilliseconds = 10_000;

/** The files of a finished run. */
export const runFiles: readonly string[] = [
  "images.png",
  "distilled.safetensors",
  "distilled.npz",
  "metrics.jsonl",
  "recipe.json",
  "result.json",
];

/** What metrics.jsonl says of each outer step, and of the evaluations in between. */
export type Metric = { readonly step: number /** Since the run began. */; readonly seconds: number } & (
  | { readonly loss: number; readonly learningRate: number }
  | { readonly accuracy: { readonly mean: number; readonly std: number; readonly networks: number } }
);

export class RunFolder {
  readonly path: string;
  /** Whether an earlier run is about to be replaced. */
  readonly replaces: boolean;
  readonly #metrics: WriteStream;
  #metricsError: unknown;
  #pictureAt = Number.NEGATIVE_INFINITY;

  private constructor(path: string, replaces: boolean) {
    this.path = path;
    this.replaces = replaces;
    this.#metrics = createWriteStream(join(path, "metrics.jsonl"));
    this.#metrics.on("error", (error) => {
      this.#metricsError = error;
    });
  }

  /** Creates the folder, so that a run that cannot be saved fails before it starts and not after. */
  static async create(path: string): Promise<RunFolder> {
    await writing(path, () => mkdir(path, { recursive: true }));
    const replaces = await access(join(path, "result.json")).then(
      () => true,
      () => false,
    );
    const folder = new RunFolder(path, replaces);
    await new Promise((resolve) => folder.#metrics.once("open", resolve).once("error", resolve));
    folder.#check();
    return folder;
  }

  /** Appends a line. Where that fails the run goes on, and `saveSet` tells. */
  addMetric(metric: Metric): void {
    if (this.#metricsError === undefined) this.#metrics.write(`${JSON.stringify(metric)}\n`);
  }

  /**
   * Draws images.png, unless that was done in the last ten seconds. Only the first time must it succeed, to tell early
   * that a folder takes no files; later on there is more to lose than a picture, which `saveSet` draws anyway.
   */
  async refreshPicture(set: () => Promise<DistilledSet>): Promise<void> {
    const now = performance.now();
    if (now - this.#pictureAt < pictureMilliseconds) return;
    const first = this.#pictureAt === Number.NEGATIVE_INFINITY;
    this.#pictureAt = now;
    await this.#write("images.png", await contactSheet(await set())).catch((error: unknown) => {
      if (first) throw error;
    });
  }

  /** Writes everything but result.json, what matters most first. */
  async saveSet(set: DistilledSet): Promise<void> {
    // An earlier run's result must not stand beside this run's set, even if it is not judged to the end.
    const earlier = join(this.path, "result.json");
    await writing(earlier, () => rm(earlier, { force: true }));
    for (const name of ["distilled.safetensors", "distilled.npz"]) {
      const path = join(this.path, name);
      await writing(path, () => saveDistilled(path, set));
    }
    await this.#write("images.png", await contactSheet(set));
    await this.closeMetrics();
    this.#check();
  }

  /** Writes recipe.json, which says how to make this run again. */
  async saveRecipe(bytes: Uint8Array): Promise<void> {
    await this.#write("recipe.json", bytes);
  }

  async saveResult(result: object): Promise<void> {
    await this.#write("result.json", new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
  }

  /** Ends metrics.jsonl. Also for runs that failed; may be called twice. */
  async closeMetrics(): Promise<void> {
    if (this.#metrics.closed) return;
    this.#metrics.end();
    await finished(this.#metrics).catch(() => {});
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.path, name);
    await writing(path, () => writeFileAtomic(path, bytes));
  }

  #check(): void {
    const path = join(this.path, "metrics.jsonl");
    if (this.#metricsError !== undefined) throw withPath(this.#metricsError, `cannot write ${path}`);
  }
}

/** The error of a write names the file that was meant, not the temporary one. */
async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw withPath(error, `cannot write ${path}`);
  }
}
