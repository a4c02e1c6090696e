// Where things lie in the kernels' linear memory, in bytes:
// [counters of threads, job, constants (assembly/memory-map.ts): to 64 KiB][partial sums of dot: 64 KiB]
// [of each thread: scratch, a program: 64 KiB][buffers …]
import { SHARED_SCRATCH, WINOGRAD_SCRATCH } from "./tiles.gen.ts";

export const PAGE: number = 65_536;
export const PARTIALS: number = PAGE;
export const SCRATCH: number = 2 * PAGE;
/** Where the program lies behind the scratch of its thread, and its bytes. */
export const PROGRAM: number = SHARED_SCRATCH + WINOGRAD_SCRATCH;
export const PROGRAM_SIZE: number = PAGE;
/** What one thread has for itself. */
export const SCRATCH_SIZE: number = PROGRAM + PROGRAM_SIZE;

/** Partial sums of a dot product, in float64, that there is room for. */
export const DOT_SUMS: number = (SCRATCH - PARTIALS) / 8;

/** Bytes of linear memory, whole pages, that hold `floats` floats of buffers. */
export function memoryBytes(floats: number, threads: number): number {
  return Math.ceil((SCRATCH + threads * SCRATCH_SIZE + 4 * floats) / PAGE) * PAGE;
}
