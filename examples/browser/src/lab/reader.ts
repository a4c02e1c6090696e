// The worker that reads the user's files: decoding thousands of pictures would keep the page's main thread busy. Copies of it
// decode the pictures, several at once.
import type { DataFile } from "distillate/data";
import { decodedSmall } from "./decode-picture.ts";
import { ready } from "./one-answer.ts";
import { PicturePool } from "./picture-pool.ts";
import type { FromReader, ToReader } from "./pictures.ts";
import { readPictures } from "./read-pictures.ts";
import { levelsOf } from "./try-levels.ts";

/** The time between two messages of progress. */
const TELL_MS = 100;

const send = (message: FromReader, transfer: readonly ArrayBufferLike[] = []): void => {
  // Views of one memory are sent together. Memory that workers share is not sent away.
  const memory = [...new Set(transfer)].filter((buffer) => buffer instanceof ArrayBuffer);
  self.postMessage(message, { transfer: memory });
};

const files: DataFile[] = [];
const folders: FileSystemHandle[] = [];

self.onmessage = async ({ data }: MessageEvent<ToReader>) => {
  try {
    if (data.kind === "files") {
      for (const file of data.files) files.push(file);
    } else if (data.kind === "folders") {
      folders.push(...data.handles);
    } else if (data.kind === "decode") {
      const answer = await decodedSmall(data.source, data.path);
      self.postMessage(answer, { transfer: "raster" in answer ? [answer.raster.data.buffer as ArrayBuffer] : [] });
    } else if (data.kind === "try") {
      const levels = await levelsOf(data.file, data.like);
      send({ kind: "levels", levels }, [levels.buffer]);
    } else await readAll(data.name);
  } catch (error) {
    send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};

self.postMessage(ready);

async function readAll(name: string): Promise<void> {
  let told = 0;
  const pool = new PicturePool(self.location.href);
  try {
    for (const handle of folders) await filesIn(handle, handle.name, files);
    const tell = (done: number, total: number): void => {
      const now = performance.now();
      if (now - told < TELL_MS) return;
      told = now;
      send({ kind: "progress", done, total });
    };
    const read = await readPictures(files, name, tell, pool);
    const { train, test } = read.split;
    send(
      { kind: "read", read },
      [train.pixels, train.labels, test.pixels, test.labels].map(({ buffer }) => buffer),
    );
  } finally {
    pool.close();
  }
}

/** Adds all files in a folder to `files`, each to be opened when it is read. */
async function filesIn(handle: FileSystemHandle, path: string, files: DataFile[]): Promise<void> {
  if (handle.kind === "file") {
    files.push({ path, bytes: () => (handle as FileSystemFileHandle).getFile() });
    return;
  }
  const folder = handle as FileSystemDirectoryHandle & { entries(): AsyncIterable<[string, FileSystemHandle]> };
  for await (const [name, inner] of folder.entries()) await filesIn(inner, `${path}/${name}`, files);
}
