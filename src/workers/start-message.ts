// How a worker is told to start its engine.
import { backendEntry } from "../engine/backends.ts";
import { type EngineOptions, threadCount } from "../engine/options.ts";

/** The engine that a worker starts. The worker's script does not contain the kernels; it receives them compiled. */
export interface StartMessage extends EngineOptions {
  readonly kernels: unknown;
}

/** Makes the message for an engine with these options. */
export async function startMessage(engine: EngineOptions): Promise<StartMessage> {
  const { backend, threads = "auto", simd = "strict" } = engine;
  return { ...engine, kernels: await backendEntry(backend).kernels?.({ threads: threadCount(threads), simd }) };
}
