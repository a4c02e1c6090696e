// SGD with momentum (Polyak 1964), as optax.sgd and torch.optim.SGD without dampening compute it:
//   v ← momentum·v + g
//   x ← x − η·v
import type { Allocator } from "../../backend/arena.ts";
import { none } from "../../backend/buffer.ts";
import type { Ops } from "../../backend/ops.ts";
import type { OuterOptimizer } from "./outer-optimizer.ts";

/** The default of optax is no momentum. */
export interface SgdSettings {
  readonly optimizer: "sgd";
  /** How much of the last step's v is kept: a number >= 0 and < 1. */
  readonly momentum: number;
}

/** Allocates SGD, whose state is v, called "momentum". Without momentum it has no state. */
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
