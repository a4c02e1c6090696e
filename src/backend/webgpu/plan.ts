// The plan of the GPU backend. It lays images out as the kernels do, so masks of dropout are the kernels' for batches of one
// chunk. Its convolutions are direct sums, which take no workspace.
import type { Planner } from "../plan.ts";
import { wasmPlan } from "../wasm/plan.ts";
import { BASE } from "./layout.ts";

/** Floats of the largest layer's input and output that a chunk may fill: many, as one chunk costs as many dispatches as another. */
const CHUNK_FLOATS = 1 << 20;

export const webgpuPlan: Planner = {
  lanes: wasmPlan.lanes,
  // A multiple of 8, from 8 to 1024.
  chunk: (floatsPerImage) => Math.min(1024, Math.max(8, Math.floor(CHUNK_FLOATS / floatsPerImage / 8) * 8)),
  // A dispatch is shared by all of a device.
  sharesKernels: () => true,
  networksTogether: true,
  // All channels of a strided convolution at once.
  conv2d: ({ outChannels, stride }) => ({
    workspace: 0,
    weightWorkspace: 0,
    spread: stride === 1 ? 0 : outChannels,
  }),
  bytes: (floats) => 4 * (BASE + floats),
  floatBytes: 4,
  // As wgsl/wide.ts has it: two words, an exponent and a sign.
  wideFloats: 4,
  addressable: Number.POSITIVE_INFINITY,
};
