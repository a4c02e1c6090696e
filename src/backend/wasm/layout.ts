// Where things lie in the kernels' linear memory, in bytes:
// [counters of threads, job, constants (assembly/memory-map.ts): to 64 KiB][partial sums of dot: 64 KiB][programs: 64 KiB]
// [scratch of each thread][buffers …]
import { SHARED_SCRATCH, WINOGRAD_SCRATCH } from "./tiles.gen.ts";

export const PAGE: number = 65_536;
export const PARTIALS: number = PAGE;
export const PROGRAMS: number = 2 * PAGE;
export const SCRATCH: number = 3 * PAGE;
/** Scratch of one thread. */
export const SCRATCH_SIZE: number = SHARED_SCRATCH + WINOGRAD_SCRATCH;

/** Partial sums of a dot product, in float64, that there is room for. */
export const DOT_SUMS: number = (PROGRAMS - PARTIALS) / 8;

/** Bytes of linear memory, whole pages, that hold `floats` floats of buffers. */
export function memoryBytes(floats: number, threads: number): number {
  return Math.ceil((SCRATCH + threads * SCRATCH_SIZE + 4 * floats) / PAGE) * PAGE;
}
