// The order in which a network sees the blocks when it is shuffled (docs/math.md §1).
import { randomKey, randomOrder } from "../numeric/random.ts";

/** Returns the block of each of steps × epochs inner steps: every epoch has an order of its own. */
export function blockOrder(
  { steps, epochs }: { readonly steps: number; readonly epochs: number },
  { seed, purpose, index }: { readonly seed: number; readonly purpose: string; readonly index: number },
): number[] {
  return Array.from({ length: epochs }, (_, epoch) =>
    randomOrder(steps, steps, randomKey(seed, purpose, index, epoch)),
  ).flat();
}
