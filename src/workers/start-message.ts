// How a worker is told to start its engine.
import { compileKernels, type Kernels } from "../backend/wasm/kernels.ts";
import { type EngineOptions, threadCount } from "../engine/options.ts";

/** The engine that a worker starts. It does not hold the kernels itself: it is handed them, compiled. */
export interface StartMessage extends EngineOptions {
  readonly kernels: Kernels | undefined;
}

/** What a worker's engine is started with. */
export async function startMessage(engine: EngineOptions): Promise<StartMessage> {
  const { backend, threads = "auto", simd = "strict" } = engine;
  if (backend === "reference") return { ...engine, kernels: undefined };
  return { ...engine, kernels: await compileKernels({ threads: threadCount(threads), simd }) };
}
