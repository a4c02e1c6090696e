// The one script that everything in a page which is not the page itself starts from: orchestrators, workers and kernel
// threads. Its first message says which of them it is to be (worker/main.page.ts).
import type { WorkerScript } from "./worker/start.ts";
import { workerSource } from "./worker/worker-source.page.gen.ts";

let embedded: string | undefined;

/**
 * Starts the script: in a worker the one that runs here, else the given one, else the one that is embedded here. Throws
 * what the host throws; where it forbids the script, some hosts say so in an error event of the worker instead.
 */
export function startScript(script?: WorkerScript): Worker {
  if (typeof script === "function") return script();
  if (script !== undefined) return new Worker(script, { type: "module" });
  // The script does not hold itself.
  if (workerSource === undefined) {
    const { href, protocol } = globalThis.location;
    return new Worker(href, { type: protocol === "blob:" ? "classic" : "module" });
  }
  embedded ??= URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  return new Worker(embedded);
}
