// Starts a worker in a page, or for a worker of a page, and reports its death (see start.ts).
import { startScript, workersObstacle } from "../platform/script.page.ts";
import type { WorkerScript } from "../platform/worker-script.ts";
import type { Calling, Role, StartWorker } from "./start.ts";

export { workersObstacle };

/** Returns a function that starts workers, from `script` if it is given. */
export function workerStarter(role: Role = "networks", script?: WorkerScript): StartWorker {
  return (port, died) => {
    const worker = startScript(script);
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
