// The sizes that kernels work in: tiles, which threads share out, and passes, which decide the order of a sum. The host must
// know them too, to say how many tiles a job has and what memory a network needs. The build makes
// src/backend/wasm/tiles.gen.ts from this file and memory-map.ts.

/** Floats of a tile of the vector kernels: tile i covers floats [i·BLOCK, min(n, (i + 1)·BLOCK)). */
export const BLOCK: i32 = 1024;

/** Rows of a block of gemm.ts: as many as share one load of x. Tiles of convolutions and linear layers have as many. */
export const ROWS: i32 = 4;
/** Columns of gemm.ts's widest tile: wider rows are cut into tiles. */
export const COLUMNS: i32 = 32;

/**
 * Taps that `conv2dForward` sums in one pass over a row. Their offsets and packed weights take 5 KiB, which leaves most of L1
 * to the rows of x that the taps read: in one pass, those of 64 channels and many lanes would leave L2.
 */
export const FORWARD_TAPS: i32 = 256;
/** Taps that `conv2dBackwardData` sums in one pass. Short kernel rows make more of them pay. */
export const DATA_TAPS: i32 = 512;

/** Output channels and taps of a tile of `conv2dBackwardWeights`: eight sums of four lanes. */
export const WEIGHT_CHANNELS: i32 = 2;
export const WEIGHT_TAPS: i32 = 4;
/** Floats of a channel of dy that a sum takes in one sweep: whole rows, of which two channels fill half of L1. */
export const WEIGHT_SPAN: i32 = 4096;
/** Weight tiles that one sweep over the rows keeps sums for, so that they stay in L1 and in a thread's scratch. */
export const WEIGHT_SWEEP: i32 = 256;

/** Features that a linear layer sums in one pass: their offsets and packed weights stay in L1. */
export const LINEAR_FEATURES: i32 = 4096;
/** Output features that `linearBackwardData` sums in one pass. */
export const LINEAR_OUTPUTS: i32 = 384;
/** It packs more weights than these, 1 MiB, as many tiles together as stay in L2. */
export const LINEAR_LARGE: i32 = 262144;
export const LINEAR_TILES: i32 = 8;
/** Up to this many images a linear layer reads its weights in place; above, packing them pays. */
export const LINEAR_FEW: i32 = 24;
/** Features a side of a tile of `linearBackwardWeights`, and images that it sums in one pass: both operands stay in L2. */
export const LINEAR_SIDE: i32 = 64;
export const LINEAR_IMAGES: i32 = 128;

/** Features of a tile of `packImages` and `unpackImages`. */
export const PACK_FEATURES: i32 = 4;
/** Images of a tile of `warp2dForward` and `warp2dBackward`: a cache line of lanes. */
export const WARP_LANES: i32 = 16;
/** Images of a tile of `recolor`: a vector. */
export const RECOLOR_LANES: i32 = 4;
/** Images of a tile of a loss. */
export const LOSS_IMAGES: i32 = 4;

/** Rows of a tile of a Gram matrix: their products with four columns are eight numbers of float64, in four vectors. */
export const RIDGE_ROWS: i32 = 2;

/** Rows of a tile of a kernel of infinitely wide networks, likewise. */
export const KERNEL_ROWS: i32 = 2;

/** Lanes of a tile of normalisation. */
export const NORM_LANES: i32 = 32;
/** Positions that normalisation adds in float32, before their sum goes to a total in float64. */
export const NORM_ROWS: i32 = 16;
/** Lanes that normalisation walks down together: rows of 256 bytes stream well, and their totals stay in L1. */
export const NORM_SPAN: i32 = 64;

/** Floats of each channel in a tile of local response normalisation. */
export const RESPONSE_FLOATS: i32 = 64;

/** Inputs a side of a tile of Winograd's transforms, and how many that is. */
export const WINOGRAD_SIDE: i32 = 6;
export const WINOGRAD_POSITIONS: usize = 36;
/**
 * Floats between the matrices of two positions beside their size: an odd number of cache lines, so that they do not all fall
 * in the same cache sets.
 */
export const WINOGRAD_SKEW: i32 = 16;
