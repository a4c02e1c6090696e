// The worker that reads the user's files: decoding thousands of pictures would keep the page's main thread busy.
import type { FromReader, ToReader } from "./pictures.ts";
import { readPictures } from "./read-pictures.ts";

/** The time between two messages of progress. */
const TELL_MS = 100;

const send = (message: FromReader, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

self.onmessage = async ({ data: { files, name } }: MessageEvent<ToReader>) => {
  let told = 0;
  try {
    const read = await readPictures(files, name, (done, total) => {
      const now = performance.now();
      if (now - told < TELL_MS) return;
      told = now;
      send({ kind: "progress", done, total });
    });
    const { train, test } = read.split;
    // Views of one memory are sent together.
    const memory = new Set([train.pixels, train.labels, test.pixels, test.labels].map(({ buffer }) => buffer));
    send(
      { kind: "read", read },
      [...memory].filter((buffer) => buffer instanceof ArrayBuffer),
    );
  } catch (error) {
    send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};
