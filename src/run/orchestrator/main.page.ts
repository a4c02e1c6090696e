// What everything in a page which is not the page itself starts with, by a first message that says what it is to be.
// Bundled by scripts/build.mjs, into a string and into the file `distillate/worker`; nothing imports it.
import { type ThreadStart, threadMain } from "../../backend/wasm/thread-main.ts";
import { type AskedBy, hear } from "../../platform/script.page.ts";
import type { Calling } from "../../workers/start.ts";
import { serve } from "./serve.ts";

interface Speaker {
  onmessage: ((event: MessageEvent<AskedBy | Calling | { readonly thread: ThreadStart }>) => void) | null;
  postMessage(message: string): void;
}

/** Becomes what it is told to be: by the page, or by the worker that asked the page for this one. */
function listen(to: Speaker): void {
  to.onmessage = ({ data }) => {
    if (hear(data)) return;
    if ("asker" in data) listen(data.asker);
    else if ("thread" in data) threadMain(data.thread, () => to.postMessage("ready"));
    else serve(data);
  };
}

listen(globalThis as unknown as Speaker);
