// Chooses between the kernels and a GPU for a call: one step of it on each, and the faster engine stays.
import type { Floats } from "../backend/buffer.ts";
import { defaultBackend } from "../engine/backends.ts";
import { auto } from "../engine/options.ts";
import type { AbortSignal } from "../host-types.ts";
import type { Engine } from "./orchestrator/interfaces.ts";
import { type CreateOptions, createEngine, sayOnce } from "./place.ts";

/** A small part of a call: one outer step, or one network. It may be aborted. */
export type Sample = (engine: Engine<Floats>, signal?: AbortSignal) => Promise<unknown>;

/**
 * Starts the engine that is the faster one for `sample`. The GPU has a first go that is not timed, in which its shaders are
 * compiled; the kernels are given up as soon as they have taken longer than it.
 */
export async function fasterEngine(options: CreateOptions, sample: Sample): Promise<Engine<Floats>> {
  const gpu = await createEngine({ ...options, backend: auto });
  // What it does without has been told.
  if (!gpu.gpu) return gpu;
  let kernels: Engine<Floats> | undefined;
  try {
    await sample(gpu);
    const onGpu = await milliseconds(() => sample(gpu));
    kernels = await createEngine({ ...options, backend: defaultBackend });
    const onKernels = await timeWithin(onGpu, (signal) => sample(kernels!, signal));
    const [faster, slower] = onKernels === undefined ? [gpu, kernels] : [kernels, gpu];
    const took = `${onGpu.toFixed(0)} ms on ${gpu.gpu.name}, ${onKernels === undefined ? "more" : onKernels.toFixed(0)} with the kernels`;
    await slower.dispose();
    await (options.onNotice ?? sayOnce)(`runs on the backend "${faster.backend.name}", the faster one: ${took}`);
    return faster;
  } catch (error) {
    await gpu.dispose();
    await kernels?.dispose();
    throw error;
  }
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Returns how long `work` took; undefined if it took longer than `most`, and was aborted then. */
async function timeWithin(most: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<number | undefined> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), most);
  try {
    const took = await milliseconds(() => work(stop.signal));
    return stop.signal.aborted ? undefined : took;
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
