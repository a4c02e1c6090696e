// The worker that reads and writes sets as files and links.
import {
  contactSheet,
  type DistilledSet,
  distilledFromBytes,
  distilledToNpz,
  growthAnimation,
  packSet,
  unpackSet,
} from "distillate";
import { type Answer, ready } from "./one-answer.ts";
import type { ToSetFiles } from "./set-files.ts";

type Value = DistilledSet | string | Uint8Array;

async function answerTo(question: ToSetFiles): Promise<Value> {
  switch (question.kind) {
    case "read":
      return distilledFromBytes(question.bytes, question.name);
    case "unpack":
      return unpackSet(question.text);
    case "pack":
      return packSet(question.set, { bits: question.bits });
    case "npz":
      return distilledToNpz(question.set);
    case "png":
      return contactSheet(question.set);
    case "growth.png":
      return growthAnimation(question.sets);
  }
}

self.onmessage = async ({ data }: MessageEvent<ToSetFiles>) => {
  let answer: Answer<Value>;
  try {
    answer = { value: await answerTo(data) };
  } catch (error) {
    answer = { failed: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};

self.postMessage(ready);
