// The table of outer optimisers: a new one is a file and a row.
import type { Allocator } from "../../backend/arena.ts";
import type { Ops } from "../../backend/backend.ts";
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
 * An optimiser of a tensor of so many floats, with its memory from `allocator`. No op is called before `start`, so that with
 * a counting allocator this says what the optimiser will take.
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
