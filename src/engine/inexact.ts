// What keeps another machine from the same bits. Results state it, so that they never pass for what a recipe gives.
import type { Simd } from "../backend/backend.ts";
import type { Gpu } from "../backend/gpu.ts";

/** Relaxed SIMD, or a GPU; neither where the bits are those of every machine. */
export interface Inexact {
  readonly simd?: "relaxed" | undefined;
  readonly gpu?: Gpu | undefined;
}

/** Returns what is inexact about the results of an engine. */
export function inexact(engine: { readonly simd: Simd | "none"; readonly gpu?: Gpu | undefined } | undefined): Inexact {
  if (engine?.gpu) return { gpu: engine.gpu };
  return engine?.simd === "relaxed" ? { simd: engine.simd } : {};
}
