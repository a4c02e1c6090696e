// Where things lie in linear memory, in bytes: what kernels and host must agree on. Below RESERVED there is nothing, so that
// address 0 can stand for an operand that is left out; then come the counters of thread.ts, a cache line for each group, and
// the published job. Constants of the compiler begin at 1024 (asconfig.json). The rest is the host's
// (src/backend/wasm/layout.ts).

export const RESERVED: usize = 64;

/** The number of the newest job, which threads sleep on (negative: leave), and loads before a thread goes to sleep. */
export const GENERATION: usize = 64;
export const SPINS: usize = 68;
/** How many threads sleep. */
export const SLEEPING: usize = 128;
/** Chunks that nobody has taken, and chunks at the front that no thread but the caller may have taken. */
export const OPEN: usize = 192;
export const BACK: usize = 196;
/** Chunks done, on which the caller sleeps, and whether it does. */
export const DONE: usize = 256;
export const WAITING: usize = 260;
/** Whether a thread failed: it may have left anything in this memory, which then serves nobody any more. */
export const FAILED: usize = 264;

/** The published job: kernel, tiles, chunks, then its fields (fields.ts). */
export const JOB: usize = 320;
export const JOB_TILES: usize = 4;
export const JOB_CHUNKS: usize = 8;
export const JOB_FIELDS: usize = 12;
/** Bytes of a job: from one job of a program to the next. */
export const JOB_SIZE: usize = 128;
/** In the place of a kernel: the end of a program. */
export const PROGRAM_END: i32 = -1;

/** Bytes of a thread's scratch that kernels share: at most the offsets and packed weights of a linear layer's pass. */
export const SHARED_SCRATCH: usize = 96 * 1024;
/** Bytes of scratch after these for Winograd's transformed tiles: with the transformed weights, what L2 holds. */
export const WINOGRAD_SCRATCH: usize = 1280 * 1024;
