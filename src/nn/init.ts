// Initial weights (paper.md §1.6). Every parameter draws from its own stream, so θ is a pure function of seed, purpose
// and index.
import type { Buffer, Ops } from "../backend/backend.ts";
import { randomKey } from "../random.ts";
import type { Model } from "./model.ts";

/** How weights are drawn; biases are 0, the weights of norms 1. `xavier-normal`: N(0, 2 / (fan_in + fan_out)). */
export type InitScheme = "xavier-normal";

/** Fills `theta` with the weights of the `index`-th network drawn for `purpose` under `seed`. */
export function initialize(
  ops: Ops,
  model: Model,
  theta: Buffer,
  scheme: InitScheme,
  { seed, purpose, index }: { seed: number; purpose: string; index: number },
): void {
  if (scheme !== "xavier-normal") throw new RangeError(`"scheme" expected "xavier-normal", got "${scheme}"`);
  model.parameters.forEach(({ role, offset, size, fanIn, fanOut }, part) => {
    if (role === "scale") ops.fill(theta + offset, 1, size);
    else if (role !== "weight") ops.fill(theta + offset, 0, size);
    else ops.normal(theta + offset, size, randomKey(seed, purpose, index, part), 0, Math.sqrt(2 / (fanIn + fanOut)));
  });
}
