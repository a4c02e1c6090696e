// What a result says of the GPU that computed it.
import { type Check, flag, listOf, text, whole } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";

/**
 * A GPU. Another one, or another version of its driver, gives other last digits: for the bits, repeat the run on the backend
 * `wasm`.
 */
export interface Gpu {
  /** What the host calls it, as far as it says. */
  readonly name: string;
  /** Whether it is simulated on the processor, which is slower than the kernels. */
  readonly software: boolean;
  /** The optional features that it offers, by WebGPU's names. */
  readonly features: readonly string[];
  /** The limits that decide what fits, by WebGPU's names. */
  readonly limits: Readonly<Record<(typeof statedLimits)[number], number>>;
}

/** The limits that a `Gpu` states. */
export const statedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** The check of a `Gpu` in a file or a state. */
export const checkGpu: Check = thing("a GPU", {
  name: text,
  software: flag,
  features: listOf("an array", text),
  limits: thing("an object", Object.fromEntries(statedLimits.map((limit) => [limit, whole(0)]))),
});
