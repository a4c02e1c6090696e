// The types that a job's fields have, each one word. scripts/kernel-jobs.mjs reads them: what the host must give for a
// field depends on its type.

/** Byte address of a buffer. */
export type Buffer = usize;
/** Byte address of a buffer, or 0 where it is left out. */
export type OptionalBuffer = usize;
/** Byte address of memory below the first buffer, which only the host's backend hands out. */
export type Address = usize;
/** 0 or 1. */
export type Flag = i32;
