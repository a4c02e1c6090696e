// How a worker is told to start its engine.
import { backendEntry } from "../engine/backends.ts";
import { type EngineOptions, threadCount } from "../engine/options.ts";

/** The engine that a worker starts. It does not hold the kernels itself: it is handed them, compiled. */
export interface StartMessage extends EngineOptions {
  readonly kernels: unknown;
}

/** What a worker's engine is started with. */
export async function startMessage(engine: EngineOptions): Promise<StartMessage> {
  const { backend, threads = "auto", simd = "strict" } = engine;
  return { ...engine, kernels: await backendEntry(backend).kernels?.({ threads: threadCount(threads), simd }) };
}
