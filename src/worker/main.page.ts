// What everything in a page which is not the page itself starts with, by a first message that says what it is to be.
// Bundled by scripts/build.mjs, into a string and into the file `distillate/worker`; nothing imports it.
import { type ThreadStart, threadMain } from "../backend/wasm/thread-main.ts";
import { hear } from "../script.page.ts";
import { serve } from "./serve.ts";
import type { Calling } from "./start.ts";

const scope = globalThis as unknown as { onmessage: unknown; postMessage(message: string): void };
scope.onmessage = ({ data }: MessageEvent<Calling | { readonly thread: ThreadStart }>) => {
  if (hear(data)) return;
  if ("thread" in data) threadMain(data.thread, () => scope.postMessage("ready"));
  else serve(data);
};
