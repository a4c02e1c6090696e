// The plan of the kernels.
import type { PlannedLayer, Planner } from "../plan.ts";
import type { PlannedConv2d } from "../planned-conv2d.ts";
import { frequencyFloats, frequencyShape } from "./frequency-plan.ts";
import { memoryBytes } from "./layout.ts";
import { DATA_TAPS } from "./tiles.gen.ts";
import { isGradientTransformed, isTransformed, winogradFloats, winogradGradientFloats } from "./winograd-plan.ts";

/** Bytes of the largest layer's input and output that a chunk may fill: the chunk should stay in a core's L2 cache. */
const CHUNK_BYTES = 1 << 20;
/**
 * The fewest images of a chunk of a network with a layer that goes through the frequency domain: they share what is read of its
 * weights, 32 MB for 128→128 channels of 16×16, which costs more than what leaves L2. A step of ConvNet-3 of width 128 takes 640 ms
 * with chunks of 32 and 660 with 64 (AMD EPYC, one thread; 889 with 8 and 739 with 32 before weights were prepared once for all).
 */
const FREQUENCY_CHUNK = 32;
/** Parameters up to which every thread has a gradient of its own. Larger models are left to the threads kernel by kernel. */
const SMALL_MODEL = 1 << 18;
/** Ops whose kernels take any even number of lanes; those of the others take whole vectors of four. */
const EVEN: ReadonlySet<PlannedLayer["op"]> = new Set(["elementwise", "linear", "maxPool2d", "view"]);

function takesEven(layer: PlannedLayer): boolean {
  // These kernels need rows of whole vectors: of a row of the output, or with a larger stride of one pixel's lanes.
  if (layer.op === "conv2d") return layer.stride === 1 && layer.outWidth % 2 === 0 && !isTransformed(layer);
  return EVEN.has(layer.op);
}

/**
 * As many output channels at a time as the kernel sums in one pass, so that the sums are those of all at once: spreading
 * them all would take stride² times the room.
 */
function spreadChannels({ outChannels, kernelHeight, kernelWidth, stride }: PlannedConv2d): number {
  if (stride === 1) return 0;
  return Math.min(outChannels, Math.max(1, Math.floor(DATA_TAPS / (kernelHeight * kernelWidth))));
}

export const wasmPlan: Planner = {
  lanes(layers, images) {
    const multiple = layers.every(takesEven) ? 2 : 4;
    return Math.ceil(images / multiple) * multiple;
  },

  // A multiple of 8, from 8 to 128.
  chunk(floatsPerImage, layers) {
    const fitting = Math.floor(CHUNK_BYTES / (4 * floatsPerImage) / 8) * 8;
    const least = layers.some((layer) => layer.op === "conv2d" && frequencyShape({ ...layer, lanes: FREQUENCY_CHUNK }))
      ? FREQUENCY_CHUNK
      : 8;
    return Math.min(128, Math.max(least, fitting));
  },

  sharesKernels: (parameters) => parameters > SMALL_MODEL,

  networksTogether: false,

  conv2d(shape) {
    const transformed = isTransformed(shape);
    return {
      workspace: transformed ? winogradFloats(shape) : 0,
      weightWorkspace: transformed && isGradientTransformed(shape) ? winogradGradientFloats(shape) : 0,
      spread: spreadChannels(shape),
    };
  },

  frequency: { shape: frequencyShape, floats: frequencyFloats },

  normPool: true,

  bytes: memoryBytes,
  floatBytes: 4,
  wideFloats: 2,
  // What 32-bit addresses reach.
  addressable: 4_294_967_296,
};
