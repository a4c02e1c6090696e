// SGD with momentum (Polyak 1964), as optax.sgd and torch.optim.SGD without dampening compute it:
//   v ← momentum·v + g
//   x ← x − η·v
import type { Allocator } from "../../backend/arena.ts";
import { none, type Ops } from "../../backend/backend.ts";
import type { OuterOptimizer } from "./outer-optimizer.ts";

/** Optax has no momentum where nothing is said. */
export interface SgdSettings {
  readonly optimizer: "sgd";
  /** How much of the last step's v is kept: a number >= 0 and < 1. */
  readonly momentum: number;
}

/** Its state is v, called "momentum"; without momentum it has none. */
export function allocateSgd({ momentum }: SgdSettings, floats: number, ops: Ops, allocator: Allocator): OuterOptimizer {
  const v = momentum === 0 ? none : allocator.allocate(floats);
  return {
    state: v === none ? [] : [{ name: "momentum", value: v, floats }],
    start() {
      if (v !== none) ops.fill(v, 0, floats);
    },
    update(value, gradient, learningRate, _step, guard) {
      ops.sgd(value, v, gradient, floats, { learningRate, momentum }, guard);
    },
  };
}
