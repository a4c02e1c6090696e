// The digits that come with the page, which a worker loads.
import type { DatasetSplit } from "distillate";
import { oneAnswer } from "./one-answer.ts";

/** Loads the digits of the page: a module of two megabytes, which would keep the main thread busy. */
export function packagedDigits(): Promise<DatasetSplit> {
  return oneAnswer(
    () => new Worker(new URL("./digits-reader.ts", import.meta.url), { type: "module" }),
    "digits",
    "The digits could not be loaded",
  );
}
