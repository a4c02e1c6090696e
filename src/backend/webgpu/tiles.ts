// The sizes of tiles on a GPU. What a thread sums in which order, and so the last digits of results, depends on them.

/** Output channels of a thread's tile of a convolution. */
export const TILE_CHANNELS = 4;
/** Taps of a thread's tile of the gradient of a convolution's weights: a vector. */
export const TILE_TAPS = 4;
/** Products that a thread sums for a weight, at least, where there are so many: whole rows of the output make a slice. */
export const SLICE_ROWS_WORK = 128;
/** Rows and columns of a thread's tile of a matrix product. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 4;
