// Reads the user's own pictures in workers, so that the page stays free.
import type { DatasetSplit } from "distillate";
import type { DataFile } from "distillate/data";
import type { DataInfo } from "./api.ts";
import { nextTask } from "./next-task.ts";
import { startedWorker } from "./one-answer.ts";
import type { PictureQuestion } from "./picture-pool.ts";
import type { ReadPictures } from "./read-pictures.ts";
import type { Like } from "./try-levels.ts";

/** The messages to the reader: files in several parts, then what to do with them; or one picture. */
export type ToReader =
  | { readonly kind: "files"; readonly files: readonly DataFile[] }
  | { readonly kind: "folders"; readonly handles: readonly FileSystemHandle[] }
  | { readonly kind: "set"; readonly name: string }
  | { readonly kind: "try"; readonly file: File; readonly like: Like }
  | PictureQuestion;

/** The messages of the reader: progress, and then one of the others. */
export type FromReader =
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "read"; readonly read: ReadPictures }
  | { readonly kind: "levels"; readonly levels: Uint8Array }
  | { readonly kind: "failed"; readonly message: string };

/** Files chosen by a user, which may be thousands, each looked at when it is its turn; or folders, which the reader opens. */
export type Chosen =
  | { readonly length: number; readonly at: (index: number) => DataFile }
  | { readonly handles: readonly FileSystemHandle[] };

/** The time for which files are named to the reader before others get the thread. */
const NAMING_MS = 8;
/** The files of one message. The browser takes about a millisecond to name one. */
const NAMED = 5;

/** Rejects with the signal's reason when aborted, and then stops reading at once. */
export async function picturesFrom(
  files: Chosen,
  name: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<ReadPictures> {
  const reader = await Reader.start(signal, onProgress);
  try {
    if ("handles" in files) reader.tell({ kind: "folders", handles: files.handles });
    else await nameFiles(files, reader, signal);
    reader.tell({ kind: "set", name });
    return await reader.read();
  } finally {
    reader.close();
  }
}

/** Names files to the reader, which then reads them by itself. */
async function nameFiles(
  { length, at }: { readonly length: number; readonly at: (index: number) => DataFile },
  reader: Reader,
  signal: AbortSignal,
): Promise<void> {
  let from = performance.now();
  for (let first = 0; first < length; first += NAMED) {
    const part = Array.from({ length: Math.min(NAMED, length - first) }, (_, i) => at(first + i));
    reader.tell({ kind: "files", files: part });
    if (performance.now() - from < NAMING_MS) continue;
    await nextTask();
    signal.throwIfAborted();
    from = performance.now();
  }
}

/** Reads one picture as the levels [height, width, channels] that a set's networks see. */
export async function pictureToTry(file: File, like: Like): Promise<Uint8Array> {
  const reader = await Reader.start(new AbortController().signal, () => {});
  try {
    reader.tell({ kind: "try", file, like });
    return await reader.levels();
  } finally {
    reader.close();
  }
}

const failing = "The reading of files failed";

/** One worker, for one answer. */
class Reader {
  readonly #worker: Worker;
  readonly #answer: Promise<FromReader>;

  static async start(signal: AbortSignal, onProgress: (done: number, total: number) => void): Promise<Reader> {
    const start = (): Worker => new Worker(new URL("./reader.ts", import.meta.url), { type: "module" });
    const worker = await startedWorker(start, failing);
    if (signal.aborted) worker.terminate();
    signal.throwIfAborted();
    return new Reader(worker, signal, onProgress);
  }

  private constructor(worker: Worker, signal: AbortSignal, onProgress: (done: number, total: number) => void) {
    this.#worker = worker;
    this.#answer = new Promise<FromReader>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      worker.onmessage = ({ data }: MessageEvent<FromReader>) => {
        if (data.kind === "progress") onProgress(data.done, data.total);
        else if (data.kind === "failed") reject(new Error(data.message));
        else resolve(data);
      };
      worker.onerror = ({ message }) => reject(new Error(`${failing}: ${message || "it ended"}.`));
    });
    // It may be given up while nobody waits for it.
    this.#answer.catch(() => {});
  }

  async read(): Promise<ReadPictures> {
    const answer = await this.#answer;
    if (answer.kind !== "read") throw new Error("the reader gave another answer");
    return answer.read;
  }

  async levels(): Promise<Uint8Array> {
    const answer = await this.#answer;
    if (answer.kind !== "levels") throw new Error("the reader gave another answer");
    return answer.levels;
  }

  tell(message: ToReader): void {
    this.#worker.postMessage(message);
  }

  /** Ends the worker, and with it its copies. */
  close(): void {
    this.#worker.terminate();
  }
}

export function info({ train, test }: DatasetSplit, notes: readonly string[] = []): DataInfo {
  const { name, channels, height, width, classes } = train;
  const classNames = train.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
  return { name, train: train.count, test: test.count, channels, height, width, classNames, notes };
}
