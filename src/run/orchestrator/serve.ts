// What every worker does first: it becomes what it is called to be.
import { expose, transferHandlers } from "comlink";
import type { Calling } from "../../workers/start.ts";
import { detailsOf } from "../../workers/thrown.ts";
import { NetworkServer } from "../networks/server.ts";
import { OrchestratorServer } from "./server.ts";

// comlink sends name, message and stack of what is thrown, and puts together what it receives.
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
  // What cannot be read cannot be answered: better to die than to leave somebody waiting.
  port.addEventListener("messageerror", () => {
    setTimeout(() => {
      throw new Error("a message from the page could not be read");
    });
  });
  expose(role === "networks" ? new NetworkServer() : new OrchestratorServer(), port);
}
