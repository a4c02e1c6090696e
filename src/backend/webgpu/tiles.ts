// The sizes of tiles on a GPU. What a thread sums in which order, and so the last digits of results, depends on them.

/** Threads of a workgroup. */
export const GROUP = 64;
/** Channels of a thread's tile of a convolution: the fewest of these that are all channels, or else the most. */
export const CHANNEL_TILES = [1, 4, 8] as const;
/** Floats of a row in such a tile: a vector. */
export const TILE_FLOATS = 4;
/** Output channels of a tile of the gradient of a convolution's weights: a vector. */
export const TILE_CHANNELS = 4;
/** Taps of such a tile: a vector. */
export const TILE_TAPS = 4;
/** Rows and columns of a thread's tile of a matrix product. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 4;
/** Threads that share a tile whose sums are long: a tile a thread would leave most of a GPU idle. */
export const SHARERS = 16;
/** A matrix product of at most so many tiles, and of sums at least so long, is shared. */
export const SHARED_TILES = 1024;
export const SHARED_LENGTH = 256;
/** From such a length on all threads of a group share a tile of the gradient of a convolution's weights, else SHARERS. */
export const GROUP_LENGTH = 4096;
