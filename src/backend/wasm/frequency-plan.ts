// Which convolutions go through the frequency domain (assembly/rare/frequency.ts), and in which pieces. The shape alone decides it,
// because it decides bits.
import type { FrequencyFloats, FrequencyShape } from "../frequency-ops.ts";
import type { PaddedConv2d } from "../planned-conv2d.ts";

/** Points a side of a transform: the largest plane, the slots of its spectrum, and the kernels that there are codelets for. */
const SIDES = [
  { side: 9, plane: 8, slots: 41, kernels: [3] },
  { side: 18, plane: 16, slots: 162, kernels: [3, 5] },
] as const;

/** About as many images of a channel as stay in L1 with their spectrum. */
const LANE_BLOCK = 32;

/** With fewer channels the transforms of planes cost what the products save. */
const LEAST_CHANNELS = 64;
/** The most bytes of transformed weights: 128→128 channels of 16×16. Those of AlexNet's layers would take 1.2 GiB of a run more. */
const MOST_WEIGHT_BYTES = 32 * 1024 * 1024;

/** Floats of a cache line, and lines of 16 pages and of one. */
const LINE = 16;
const SIXTEEN_PAGES = 1024;
const PAGE_LINES = 64;

/** Floats from one slot of `floats` floats to the next (slotStride of assembly/rare/frequency.ts). */
function slotFloats(floats: number): number {
  const lines = Math.ceil(floats / LINE);
  return LINE * ((lines % SIXTEEN_PAGES === 0 ? lines + PAGE_LINES : lines) | 1);
}

/** Returns the shape of a layer that goes through the frequency domain, or undefined where sums or tiles are as fast. */
export function frequencyShape(layer: PaddedConv2d & { readonly lanes: number }): FrequencyShape | undefined {
  const { inChannels, outChannels, outHeight: height, outWidth: width, kernelHeight: kernel, lanes } = layer;
  const side = SIDES.find(
    ({ plane, kernels }) => Math.max(height, width) <= plane && kernels.some((r) => r === kernel),
  );
  if (side === undefined || !pays(layer)) return undefined;
  if (12 * side.slots * inChannels * outChannels > MOST_WEIGHT_BYTES) return undefined;
  const laneBlock = lanes <= LANE_BLOCK ? lanes : 8 * Math.ceil(lanes / Math.round(lanes / LANE_BLOCK) / 8);
  return { inChannels, outChannels, height, width, kernel, side: side.side, lanes, laneBlock };
}

/** Returns the slots of a spectrum. */
export function slotsOf(shape: Pick<FrequencyShape, "side">): number {
  return SIDES.find(({ side }) => side === shape.side)!.slots;
}

/** Returns the blocks of images. */
export function blocksOf({ lanes, laneBlock }: Pick<FrequencyShape, "lanes" | "laneBlock">): number {
  return Math.ceil(lanes / laneBlock);
}

export function frequencyFloats(shape: FrequencyShape): FrequencyFloats {
  const { inChannels, outChannels, laneBlock } = shape;
  const slots = slotsOf(shape);
  const spectrum = (channels: number): number => blocksOf(shape) * slots * slotFloats(2 * channels * laneBlock);
  const pairs = inChannels * outChannels;
  return {
    inputs: spectrum(inChannels),
    outputs: spectrum(outChannels),
    weights: slots * slotFloats(3 * pairs),
    gradient: slots * slotFloats(2 * pairs),
  };
}

/**
 * Whether transforms of planes and weights cost less than they save. Measured, forward / both gradients / R-backward beside
 * Winograd's tiles, times as fast with weights transformed in each pass (AMD EPYC, one thread; `npm run bench -- convolutions`):
 *
 *                        12 images            32                   100
 *   64→64 5×5 16×16      2.9 / 3.2 / 3.6      3.8 / 4.2 / 4.3      3.7 / 4.4 / 4.3
 *   128→128 3×3 16×16                         1.0 / 1.1 / 1.15
 *   128→128 3×3 8×8      1.4 / 1.3 / 1.4      1.3 / 1.3 / 1.4
 *   64→64 3×3 16×16                           1.0 / 1.1 / 1.2
 *
 * and where chunks of real images share their weights 1.3 times for 128→128 at 16×16. With 12 images tiles are as fast there.
 */
function pays(layer: PaddedConv2d & { readonly lanes: number }): boolean {
  const { inChannels, outChannels, outHeight, outWidth, kernelHeight, kernelWidth, stride, padding, lanes } = layer;
  if (stride !== 1 || kernelHeight !== kernelWidth || 2 * padding !== kernelHeight - 1) return false;
  if (inChannels % 8 !== 0 || outChannels % 8 !== 0) return false;
  if (Math.min(inChannels, outChannels) < LEAST_CHANNELS) return false;
  const shorter = Math.min(outHeight, outWidth);
  if (kernelHeight === 5) return shorter >= 10;
  return shorter <= 8 ? shorter >= 7 : shorter >= 12 && lanes >= 24;
}
