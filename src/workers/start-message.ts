// The message that tells a worker to start its engine.
import { compileKernels, type Kernels } from "../backend/wasm/kernels.ts";
import { type EngineOptions, threadCount } from "../engine/options.ts";

/** The engine that a worker starts. The worker's script does not contain the kernels; it receives them compiled. */
export interface StartMessage extends EngineOptions {
  readonly kernels: Kernels | undefined;
}

/** Makes the message for an engine with these options. */
export async function startMessage(engine: EngineOptions): Promise<StartMessage> {
  const { backend, threads = "auto", simd = "strict" } = engine;
  if (backend === "reference") return { ...engine, kernels: undefined };
  return { ...engine, kernels: await compileKernels({ threads: threadCount(threads), simd }) };
}
