// Running means of what is learned (Polyak and Juditsky, *Acceleration of Stochastic Approximation by Averaging*, 1992; with a decay, as
// torch.optim.swa_utils has them; docs/math.md §1). Steps of a constant size end up around a minimum and not in it; their mean lies nearer.
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Learned } from "./method.ts";

/**
 * Records the ops that take the values of outer step `step` (counted from 0) into the means: a ← a + w·(x − a), where w is
 * 1 − decay, or 1/(step + 1) while that is more, so that the first values do not linger. Of a tensor that is learned through an f, the
 * mean is that of f(value). Nothing happens if there are no means.
 */
export function average(
  averages: readonly Buffer[],
  learned: readonly Learned[],
  { ops }: Pick<Backend, "ops">,
  decay: number,
  step: number,
): void {
  const weight = Math.max(1 - decay, 1 / (step + 1));
  for (const [i, to] of averages.entries()) {
    const { value, floats } = used(learned[i]!);
    ops.scale(to, 1 - weight, to, floats);
    ops.axpy(to, to, weight, value, floats);
  }
}

/** Records the ops that begin the means with the initial values. */
export function startAverages(
  averages: readonly Buffer[],
  learned: readonly Learned[],
  { ops }: Pick<Backend, "ops">,
): void {
  for (const [i, to] of averages.entries()) {
    const { value, floats } = used(learned[i]!);
    ops.copy(to, value, floats);
  }
}

/** Returns the tensor as training uses it: f(value) if it is learned through an f. */
export function used<T extends Learned>(tensor: T): T {
  return tensor.through ? { ...tensor, value: tensor.through.value } : tensor;
}
