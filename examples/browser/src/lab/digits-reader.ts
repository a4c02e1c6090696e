// The worker that loads the digits of the page. It is apart from the reader of files, because every visitor needs it.
import type { DatasetSplit } from "distillate";
import { digits } from "distillate/data";
import { type Answer, ready } from "./one-answer.ts";

const send = (message: Answer<DatasetSplit>, transfer: readonly ArrayBufferLike[] = []): void =>
  self.postMessage(message, { transfer: [...new Set(transfer)] as ArrayBuffer[] });

self.postMessage(ready);
try {
  const value = await digits();
  const { train, test } = value;
  // Both parts are views of one memory, which is sent once.
  send(
    { value },
    [train.pixels, train.labels, test.pixels, test.labels].map(({ buffer }) => buffer),
  );
} catch (error) {
  send({ failed: error instanceof Error ? error.message : String(error) });
}
