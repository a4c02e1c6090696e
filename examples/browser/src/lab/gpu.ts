// The GPU of a visitor: whether the browser offers one, and an engine on it.
import { createEngine, type Engine } from "distillate";

/** A GPU that the browser offers. */
export interface OfferedGpu {
  readonly name: string;
  /** Whether it is known to be simulated on the processor. Some drivers do not say so before an engine starts. */
  readonly simulated: boolean;
}

/** Returns the GPU that the browser offers, or in a sentence why there is none. */
export async function offeredGpu(): Promise<OfferedGpu | string> {
  const { gpu } = navigator as { gpu?: GPU };
  if (!gpu) return "This browser gives pages no GPU (WebGPU), so everything runs on the processor.";
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return "This browser finds no GPU that pages may use, so everything runs on the processor.";
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture].filter(Boolean).join(" ") || description || "without a name";
  return { name, simulated: isFallbackAdapter };
}

/** Starts an engine on the GPU, one that is simulated only if `simulated`. Throws the library's reason where none works. */
export async function gpuEngine(simulated: boolean, onNotice: (notice: string) => void): Promise<Engine> {
  const before: string[] = [];
  let started = false;
  const engine = await createEngine({
    // "auto" refuses simulations.
    backend: simulated ? "webgpu" : "auto",
    onNotice: (notice) => (started ? onNotice(notice) : before.push(notice)),
  });
  started = true;
  if (engine.gpu) return engine;
  await engine.dispose();
  throw new Error(before.join(". ") || "no GPU works here");
}
