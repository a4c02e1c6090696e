// Starts a worker in a page, or for a worker of a page, and reports its death (see start.ts).
import { canShareMemory } from "../platform/platform.ts";
import { startScript, workersObstacle } from "../platform/script.page.ts";
import type { WorkerScript } from "../platform/worker-script.ts";
import type { Calling, Role, StartWorker } from "./start.ts";

export { workersObstacle };

/**
 * Returns a function that starts workers, from `script` if it is given. Such a worker will have so many `threads`, where threads can
 * compute together.
 */
export function workerStarter(role: Role = "networks", script?: WorkerScript, threads: number = 1): StartWorker {
  return (port, died) => {
    const worker = startScript(script, threads > 1 && canShareMemory() ? threads - 1 : 0);
    worker.onerror = (message) => died(message || "could not start: the page's policy or its headers forbid it");
    const calling: Calling = { role, port };
    worker.postMessage(calling, [port]);
    return {
      async terminate() {
        worker.terminate();
      },
      keepAlive() {},
    };
  };
}
