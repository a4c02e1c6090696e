// Where things lie in the kernels' linear memory, in bytes:
// [nothing: 64 B; counters of threads, job, constants: to 64 KiB][partial sums of dot: 64 KiB][programs: 64 KiB][scratch of each thread][buffers …]
import { winogradScratch } from "../winograd.ts";

export const PAGE: number = 65_536;
/** Before the counters (assembly/thread.ts). */
export const RESERVED: number = 64;
export const PARTIALS: number = PAGE;
export const PROGRAMS: number = 2 * PAGE;
export const SCRATCH: number = 3 * PAGE;
/** 4,096 offsets and packed weights for 4 rows (assembly/linear.ts), then transformed tiles (assembly/winograd.ts). */
export const SCRATCH_SIZE: number = 96 * 1024 + winogradScratch;

/** Bytes of linear memory, whole pages, that hold `floats` floats of buffers. */
export function memoryBytes(floats: number, threads: number): number {
  return Math.ceil((SCRATCH + threads * SCRATCH_SIZE + 4 * floats) / PAGE) * PAGE;
}
