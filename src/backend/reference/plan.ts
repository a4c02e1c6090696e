// The plan of the reference backend. It lays images out as the kernels do: masks of dropout are drawn for lanes and chunks,
// so the oracle needs the same ones. Its sums are direct ones, which take no workspace.
import type { Planner } from "../plan.ts";
import { wasmPlan } from "../wasm/plan.ts";
import { base } from "./memory.ts";

export const referencePlan: Planner = {
  lanes: wasmPlan.lanes,
  chunk: wasmPlan.chunk,
  sharesKernels: wasmPlan.sharesKernels,
  networksTogether: false,
  // All channels of a strided convolution at once.
  conv2d: ({ outChannels, stride }) => ({
    workspace: 0,
    weightWorkspace: 0,
    spread: stride === 1 ? 0 : outChannels,
  }),
  bytes: (floats) => 8 * (base + floats),
  floatBytes: 8,
  wideFloats: 1,
  addressable: Number.POSITIVE_INFINITY,
};
