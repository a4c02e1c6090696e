// Which convolutions take fewer multiplications than a direct sum (assembly/winograd.ts), and in which pieces. The shape alone
// decides it, because it decides bits.
import { WINOGRAD_POSITIONS, WINOGRAD_SCRATCH, WINOGRAD_SIDE, WINOGRAD_SKEW } from "./tiles.gen.ts";

/** The sizes that decide it: a convolution layer with its number of lanes. */
export interface Conv2dSizes {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly lanes: number;
}

/** How a convolution's tiles are cut into blocks. */
export interface WinogradBlocks {
  /** Images, and tiles of a row, that a thread transforms at a time. */
  readonly laneBlock: number;
  readonly tileBlock: number;
  readonly blocks: number;
  /** Sums of the weight gradient that are made apart and then added. */
  readonly groups: number;
}

/** The fewest input and output channels, by the side of the kernel: with fewer, transforms cost what the products save. */
const LEAST_CHANNELS = { 3: 16, 5: 32 };
/** The most pairs of channels whose sums of a weight gradient, 36 floats each, stay in L2. */
const MOST_PAIRS = 128 * 128;
/** The most and the fewest images × tiles of a block. The fewest fill one tile of assembly/gemm.ts. */
const MOST_CELLS = 64;
const LEAST_CELLS = 8;
const MOST_LANES = 32;
/** The largest share of the direct sum's products that pays: with more, the transforms cost what is saved. */
const LARGEST_SHARE = 0.6;
/** The blocks that should go into one sum of the weight gradient, and the most sums. */
const BLOCKS_PER_GROUP = 4;
const MOST_GROUPS = 8;

/** Returns the outputs along a side of a tile. */
const outputsOfTile = (kernel: number): number => WINOGRAD_SIDE + 1 - kernel;

/** Returns whether a layer's convolutions are transformed: the forward pass, and the one that gives the input's gradient. */
export function isTransformed(layer: Omit<Conv2dSizes, "lanes"> & { readonly stride: number }): boolean {
  const { inChannels, outChannels, outHeight, outWidth, kernelHeight: r, kernelWidth, stride } = layer;
  if (stride !== 1 || r !== kernelWidth || (r !== 3 && r !== 5)) return false;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0) return false;
  if (Math.min(inChannels, outChannels) < LEAST_CHANNELS[r] || mostCells(layer) < LEAST_CELLS) return false;
  const m = outputsOfTile(r);
  const products = WINOGRAD_POSITIONS * Math.ceil(outHeight / m) * Math.ceil(outWidth / m);
  return products <= LARGEST_SHARE * outHeight * outWidth * r * r;
}

/** Returns whether the weight gradient of such a layer is transformed too. */
export function isGradientTransformed({ inChannels, outChannels }: Conv2dSizes): boolean {
  return inChannels * outChannels <= MOST_PAIRS;
}

/** Floats of the transformed weights, the workspace of the forward pass and of the one that gives the input's gradient. */
export function winogradFloats({ inChannels, outChannels }: Conv2dSizes): number {
  return WINOGRAD_POSITIONS * inChannels * outChannels;
}

/** Floats of the sums of the weight gradient that are made apart. */
export function winogradGradientFloats(layer: Conv2dSizes): number {
  return winogradBlocks(layer).groups * winogradFloats(layer);
}

export function winogradBlocks(sizes: Conv2dSizes): WinogradBlocks {
  const { outHeight, outWidth, kernelHeight, lanes } = sizes;
  const m = outputsOfTile(kernelHeight);
  const across = Math.ceil(outWidth / m);
  const cells = mostCells(sizes);
  const laneBlock = 4 * Math.ceil(lanes / Math.ceil(lanes / Math.min(MOST_LANES, cells)) / 4);
  const fitting = Math.max(1, Math.min(across, Math.floor(cells / laneBlock)));
  const tileBlock = Math.ceil(across / Math.ceil(across / fitting));
  const blocks = Math.ceil(outHeight / m) * Math.ceil(across / tileBlock) * Math.ceil(lanes / laneBlock);
  const groups = Math.min(blocks, MOST_GROUPS, Math.max(2, Math.ceil(blocks / BLOCKS_PER_GROUP)));
  return { laneBlock, tileBlock, blocks, groups };
}

/** Images × tiles of a block that a thread's scratch holds, a multiple of 8. */
function mostCells({ inChannels, outChannels }: Pick<Conv2dSizes, "inChannels" | "outChannels">): number {
  const cells = (WINOGRAD_SCRATCH / 4 / WINOGRAD_POSITIONS - 2 * WINOGRAD_SKEW) / (inChannels + outChannels);
  return Math.min(MOST_CELLS, 8 * Math.floor(cells / 8));
}
