// Starts every worker and thread of a page; the first message says what it becomes.
// scripts/build.mjs bundles it into a string and into the file `distillate/worker`; nothing imports it.
import { type ThreadStart, threadMain } from "../../backend/wasm/thread-main.ts";
import { canBringParts } from "../../platform/parts-of-worker.page.ts";
import { workerMark } from "../../platform/platform.ts";
import { type AskedBy, giveWayToWhole, hear } from "../../platform/script.page.ts";
import type { Calling } from "../../workers/start.ts";
import { serve } from "./serve.ts";

interface Speaker {
  onmessage: ((event: MessageEvent<AskedBy | Calling | { readonly thread: ThreadStart }>) => void) | null;
  postMessage(message: string): void;
}

/** Becomes what the first message says, from the page or from the worker that asked the page for this one. */
function listen(to: Speaker): void {
  to.onmessage = ({ data }) => {
    if (hear(data)) return;
    if ("asker" in data) listen(data.asker);
    else if ("thread" in data) threadMain(data.thread, () => to.postMessage("ready"));
    // A worker that another one asked for was started as that one was.
    else if (to !== scope || canBringParts()) {
      void serve(data);
      if (data.role === "orchestrator") void fetchTraining();
    } else giveWayToWhole(data, [data.port]);
  };
}

/** Nearly every page trains a network. What that takes comes while kernels and threads start; if it cannot, the call says so. */
async function fetchTraining(): Promise<void> {
  try {
    await import("../in-place/train-on.ts");
  } catch {}
}

const scope = globalThis as unknown as Speaker;
(globalThis as { name?: string }).name = workerMark;
listen(scope);
