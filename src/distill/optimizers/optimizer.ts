// The table of outer optimisers. Each is a file and a row.
import type { Allocator } from "../../backend/arena.ts";
import type { Ops } from "../../backend/ops.ts";
import { type AdamSettings, allocateAdam } from "./adam.ts";
import { allocateLamb, type LambSettings } from "./lamb.ts";
import type { OuterOptimizer } from "./outer-optimizer.ts";
import { allocateSgd, type SgdSettings } from "./sgd.ts";

export type { OuterOptimizer } from "./outer-optimizer.ts";

/** The name of an outer optimiser and all of its constants but the learning rate, which changes from step to step. */
export type OptimizerSettings = AdamSettings | SgdSettings | LambSettings;

type Name = OptimizerSettings["optimizer"];
type SettingsOf<N extends Name> = Extract<OptimizerSettings, { readonly optimizer: N }>;
type Allocate<N extends Name> = (
  settings: SettingsOf<N>,
  floats: number,
  ops: Ops,
  allocator: Allocator,
) => OuterOptimizer;

const optimizers: { readonly [N in Name]: Allocate<N> } = { adam: allocateAdam, sgd: allocateSgd, lamb: allocateLamb };

/**
 * Allocates an optimiser of a tensor of so many floats. It calls no op before `start`, so that a counting allocator gives the
 * memory that the optimiser will take.
 */
export function allocateOptimizer<N extends Name>(
  settings: SettingsOf<N>,
  floats: number,
  ops: Ops,
  allocator: Allocator,
): OuterOptimizer {
  const allocate: Allocate<N> = optimizers[settings.optimizer as N];
  return allocate(settings, floats, ops, allocator);
}
