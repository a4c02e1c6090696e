// Starts the work that a worker is called to do.
import { expose, transferHandlers } from "comlink";
import type { Calling } from "../../workers/start.ts";
import { detailsOf } from "../../workers/thrown.ts";
import { NetworkServer } from "../networks/server.ts";
import { OrchestratorServer } from "./server.ts";

// comlink sends only name, message and stack of an error, but restores all fields that it receives.
const thrown = transferHandlers.get("throw")!;
transferHandlers.set("throw", {
  ...thrown,
  serialize(box) {
    const [sent, moved] = thrown.serialize(box) as [{ isError: boolean; value: object }, Transferable[]];
    const { value: error } = box as { value: unknown };
    return [sent.isError ? { ...sent, value: { ...sent.value, ...detailsOf(error) } } : sent, moved];
  },
});

export function serve({ role, port }: Calling): void {
  // A message that cannot be read cannot be answered, so the worker dies rather than leave a caller waiting.
  port.addEventListener("messageerror", () => {
    setTimeout(() => {
      throw new Error("a message from the page could not be read");
    });
  });
  expose(role === "networks" ? new NetworkServer() : new OrchestratorServer(), port);
}
