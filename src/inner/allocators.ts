// The parts of a run's memory. A run allocates them all from one arena; a plan counts each part separately
// (src/run/options/memory.ts).
import type { Allocator } from "../backend/arena.ts";

/** Where each part is allocated. */
export interface Allocators {
  /** θ_0 … θ_T, as many as are held. */
  readonly parameters: Allocator;
  /** The values that forward and backward leave for the inner steps that are held. */
  readonly activations: Allocator;
  /** The distilled images, all gradients, the state of the outer optimiser. */
  readonly gradients: Allocator;
  /** The chunks of the outer batch that are in the network: one, or one for each thread. */
  readonly realBatch: Allocator;
  /** Tangents and workspaces, which each step overwrites. */
  readonly scratch: Allocator;
}

/** Allocates all parts in one place. */
export function allIn(arena: Allocator): Allocators {
  return {
    parameters: arena,
    activations: arena,
    gradients: arena,
    realBatch: arena,
    scratch: arena,
  };
}
