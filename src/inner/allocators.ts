// The parts of a run's memory. A run takes them all from one arena; a plan counts each apart (memory.ts).
import type { Allocator } from "../backend/arena.ts";

/** Where each part is allocated. */
export interface Allocators {
  /** θ_0 … θ_T, as many as are held. */
  readonly parameters: Allocator;
  /** What forward and backward leave of the inner steps that are held. */
  readonly activations: Allocator;
  /** The distilled images, all gradients, the moments of the outer Adam. */
  readonly gradients: Allocator;
  /** Chunks of the outer batch on their way through the network: one, or one for each thread. */
  readonly realBatch: Allocator;
  /** Tangents and workspaces: overwritten in each step. */
  readonly scratch: Allocator;
}

/** Everything in one place. */
export function allIn(arena: Allocator): Allocators {
  return {
    parameters: arena,
    activations: arena,
    gradients: arena,
    realBatch: arena,
    scratch: arena,
  };
}
