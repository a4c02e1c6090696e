// What an engine is asked for, and the check of it.
import type { Simd } from "../backend/backend.ts";
import { hardwareThreads } from "../platform.ts";

const MAXIMUM_THREADS = 64;

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** `wasm`: float32 SIMD kernels (default). `reference`: plain float64 loops, slow; results are Float64Array. */
  backend?: "wasm" | "reference";
  /** Kernel threads; "auto" (default) takes one per processor, at most 8. Results do not depend on it. */
  threads?: number | "auto";
  /**
   * `strict` (default): the same bits on every machine. `relaxed`: fused multiply-adds where the machine has them, with
   * other bits than elsewhere; what is made with it says so and has no digest to compare.
   */
  simd?: Simd;
}

/** Is told, in a sentence, what an engine does without, and why. */
export type OnNotice = (message: string) => void;

/** Tells what an engine that has just started does without. A listener that throws has no use for the engine. */
export async function tellNotices(
  engine: { dispose(): Promise<void> },
  notices: readonly string[],
  onNotice: OnNotice | undefined,
): Promise<void> {
  try {
    for (const notice of notices) await onNotice?.(notice);
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** Throws RangeError for options out of range. */
export function checkEngineOptions({ backend, threads, simd }: Required<EngineOptions>): void {
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= MAXIMUM_THREADS)) {
    throw new RangeError(`"threads" expected integer from 1 to ${MAXIMUM_THREADS}, got ${threads}`);
  }
  if (backend !== "wasm" && backend !== "reference") {
    throw new RangeError(`"backend" expected "wasm" or "reference", got "${backend}"`);
  }
  if (simd !== "strict" && simd !== "relaxed") {
    throw new RangeError(`"simd" expected "strict" or "relaxed", got "${simd}"`);
  }
}

/** How many kernel threads an engine asked for `threads` has. */
export function threadCount(threads: number | "auto"): number {
  return threads === "auto" ? hardwareThreads() : threads;
}
