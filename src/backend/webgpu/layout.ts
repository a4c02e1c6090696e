// Where things lie in the memory of a GPU.

/** The first float that callers may use. Nothing lies below it, so that no buffer is 0. */
export const BASE = 16;
