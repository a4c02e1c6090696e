// The plan of the GPU backend. It lays images out as the kernels do: masks of dropout are drawn for lanes and chunks, so draws
// are those of the kernels. Its convolutions are direct sums, which take no workspace.
import type { Planner } from "../plan.ts";
import { wasmPlan } from "../wasm/plan.ts";
import { BASE } from "./layout.ts";

export const webgpuPlan: Planner = {
  lanes: wasmPlan.lanes,
  chunk: wasmPlan.chunk,
  // A dispatch is shared by all of a device.
  sharesKernels: () => true,
  // All channels of a strided convolution at once.
  conv2d: ({ outChannels, stride }) => ({
    workspace: 0,
    weightGradients: false,
    spread: stride === 1 ? 0 : outChannels,
  }),
  bytes: (floats) => 4 * (BASE + floats),
  floatBytes: 4,
  addressable: Number.POSITIVE_INFINITY,
};
