// Reads the user's own pictures in a worker, so that the page stays free.
import type { DatasetSplit } from "distillate";
import type { DataFile } from "distillate/data";
import type { DataInfo } from "./api.ts";
import type { ReadPictures } from "./read-pictures.ts";

/** The only message to the reader. */
export interface ToReader {
  readonly files: readonly DataFile[];
  readonly name: string;
}

/** The messages of the reader: progress, and then one of the two others. */
export type FromReader =
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "read"; readonly read: ReadPictures }
  | { readonly kind: "failed"; readonly message: string };

/** Rejects with the signal's reason when aborted, and then stops reading at once. */
export async function picturesFrom(
  { files, name }: ToReader,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<ReadPictures> {
  const worker = readerWorker();
  return new Promise<ReadPictures>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
    worker.onmessage = ({ data }: MessageEvent<FromReader>) => {
      if (data.kind === "progress") onProgress(data.done, data.total);
      else if (data.kind === "read") resolve(data.read);
      else reject(new Error(data.message));
    };
    // An error without a message means that it did not start.
    worker.onerror = ({ message }) =>
      reject(message ? new Error(`The reading of files failed: ${message}.`) : missing());
    // A file is only named here; the worker reads it.
    worker.postMessage({ files, name } satisfies ToReader);
  }).finally(() => worker.terminate());
}

function readerWorker(): Worker {
  try {
    return new Worker(new URL("./reader.ts", import.meta.url), { type: "module" });
  } catch {
    throw missing();
  }
}

function missing(): Error {
  return new Error(
    "The part of this page that reads files could not be started. Check that you are online and that nothing blocks its " +
      "scripts, then reload the page.",
  );
}

export function info({ train, test }: DatasetSplit, notes: readonly string[] = []): DataInfo {
  const { name, channels, height, width, classes } = train;
  const classNames = train.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
  return { name, train: train.count, test: test.count, channels, height, width, classNames, notes };
}
