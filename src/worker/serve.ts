// What every worker does first: it becomes what it is called to be.
import { expose } from "comlink";
import { OrchestratorServer } from "../orchestrator/server.ts";
import { NetworkServer } from "./server.ts";
import type { Calling } from "./start.ts";

export function serve({ role, port }: Calling): void {
  // What cannot be read cannot be answered: better to die than to leave somebody waiting.
  port.addEventListener("messageerror", () => {
    setTimeout(() => {
      throw new Error("a message from the page could not be read");
    });
  });
  expose(role === "networks" ? new NetworkServer() : new OrchestratorServer(), port);
}
