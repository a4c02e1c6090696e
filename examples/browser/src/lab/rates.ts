// Measures how fast a run is on an engine.
import type { Distillation } from "distillate";

/** For how long steps are counted. */
const COUNTED_MS = 2000;

/**
 * Returns the outer steps per second of a run, which ends then. Its first steps are not counted, because shaders are compiled in
 * them and memory is seen for the first time.
 */
export async function stepsPerSecond(run: Distillation, signal: AbortSignal): Promise<number> {
  let from: { readonly step: number; readonly time: number } | undefined;
  for await (const { step } of run) {
    const time = performance.now();
    from ??= { step, time };
    if (step > from.step && time - from.time >= COUNTED_MS) return (1000 * (step - from.step)) / (time - from.time);
  }
  signal.throwIfAborted();
  throw new Error("the run ended before it could be measured");
}
