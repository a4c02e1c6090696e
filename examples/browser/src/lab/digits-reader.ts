// The worker that loads the digits of the page. It is apart from the reader of files, because every visitor needs it.
import type { DatasetSplit } from "distillate";
import { digits } from "distillate/data";

/** Its only message, when it has started. */
export type FromDigitsReader = { readonly split: DatasetSplit } | { readonly failed: string };

const send = (message: FromDigitsReader, transfer: readonly ArrayBufferLike[] = []): void =>
  self.postMessage(message, { transfer: [...new Set(transfer)] as ArrayBuffer[] });

try {
  const split = await digits();
  const { train, test } = split;
  // Both parts are views of one memory, which is sent once.
  send(
    { split },
    [train.pixels, train.labels, test.pixels, test.labels].map(({ buffer }) => buffer),
  );
} catch (error) {
  send({ failed: error instanceof Error ? error.message : String(error) });
}
