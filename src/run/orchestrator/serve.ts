// Starts the work that a worker is called to do.
import { expose, transferHandlers } from "comlink";
import type { Calling } from "../../workers/start.ts";
import { detailsOf } from "../../workers/thrown.ts";

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

export async function serve({ role, port }: Calling): Promise<void> {
  // A message that cannot be read cannot be answered, so the worker dies rather than leave a caller waiting.
  port.addEventListener("messageerror", () => {
    setTimeout(() => {
      throw new Error("a message from the page could not be read");
    });
  });
  expose(await (role === "networks" ? networkServer() : orchestratorServer()), port);
}

async function networkServer(): Promise<object> {
  const { NetworkServer } = await import("../networks/server.ts");
  return new NetworkServer();
}

async function orchestratorServer(): Promise<object> {
  const { OrchestratorServer } = await import("./server.ts");
  return new OrchestratorServer();
}
