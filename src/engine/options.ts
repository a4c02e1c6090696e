// The options of an engine, and their checks.
import type { Simd } from "../backend/backend.ts";
import { type Check, callback, kind, oneOf, optional } from "../checks/checks.ts";
import type { Checks } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { isObject } from "../kinds.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import { hardwareThreads } from "../platform/platform.ts";
import { type BackendName, backends, checkBackendName } from "./backends.ts";

const MAXIMUM_THREADS = 64;

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /**
   * `wasm`: float32 SIMD kernels (default). `webgpu`: the GPU, or where there is none that works the kernels, which is
   * reported. `reference`: plain float64 loops, slow; results are Float64Array.
   */
  backend?: BackendName | undefined;
  /** Kernel threads; "auto" (default) takes one per processor, at most 8. Results do not depend on it. */
  threads?: number | "auto" | undefined;
  /**
   * `strict` (default): the same bits on every machine. `relaxed`: fused multiply-adds where the machine has them, with
   * other bits than elsewhere; what is made with it says so and has no digest to compare.
   */
  simd?: Simd | undefined;
}

/** Called with a sentence that says what an engine does without, and why. */
export type OnNotice = (message: string) => void;

/** Reports what an engine that has just started does without. If the listener throws, the engine is disposed of. */
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

const checkThreads: Check = (name, value) => {
  const expected = `integer from 1 to ${MAXIMUM_THREADS}`;
  if (value === "auto") return;
  if (typeof value !== "number") throw wrongKind(name, `${expected} or "auto"`, value);
  if (!(Number.isInteger(value) && value >= 1 && value <= MAXIMUM_THREADS)) throw outOfRange(name, expected, value);
};

export const engineChecks: Checks<EngineOptions> = {
  backend: optional(checkBackendName),
  threads: optional(checkThreads),
  simd: optional(oneOf("strict", "relaxed")),
};

/** Options of `engine.bind`. */
export interface BindOptions {
  /** Default "cross-entropy". */
  readonly loss?: Loss | undefined;
}

export const bindChecks: Checks<BindOptions> = { loss: optional(checkLoss) };

/** Says whether this is what `createEngine` gives, here or in a worker. */
const isEngine = (value: unknown): boolean => isObject(value) && typeof value.bind === "function";

/** Says that whichever of `wasm` and `webgpu` is faster is wanted. */
export const auto = "auto";

const checkBackendOrAuto: Check = (name, value) => oneOf(auto, ...Object.keys(backends))(name, value);

/** Options that say where a call runs, which every call has. */
export const placeChecks: Readonly<Record<"engine" | "backend" | "threads" | "worker" | "onNotice", Check>> = {
  engine: optional(kind("what createEngine() gives", isEngine)),
  backend: optional(checkBackendOrAuto),
  threads: engineChecks.threads,
  worker: optional(
    kind("true, false or a worker's script", (value) => {
      return (
        ["boolean", "string", "function"].includes(typeof value) ||
        Object.prototype.toString.call(value) === "[object URL]"
      );
    }),
  ),
  onNotice: optional(callback),
};

/** Returns the number of kernel threads of an engine that is asked for `threads`. */
export function threadCount(threads: number | "auto"): number {
  return threads === "auto" ? hardwareThreads() : threads;
}
