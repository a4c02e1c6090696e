// The losses of a network's logits against targets, by name, and their tangents.

import type { Ops } from "../backend/ops.ts";
import type { LossShape } from "../backend/shapes.ts";
import { oneOf } from "../checks/checks.ts";
import type { Tangent, Tape } from "./tape.ts";

/**
 * `cross-entropy`: −Σ y·log softmax(z). `mse`: ‖z − y‖² / 2, the quadratic loss of the paper's linear case
 * (Wang et al. 2018; docs/math.md §2). Both are means over the images of a batch; targets are one-hot or soft.
 */
export type Loss = "cross-entropy" | "mse";

const known = oneOf("cross-entropy", "mse");

/** Throws TypeError or RangeError unless `loss` is the name of one. Returns it. */
export function checkLoss(name: string, loss: unknown): Loss {
  known(name, loss);
  return loss as Loss;
}

/** Computes each image's loss, ∂ℓ/∂logits, and ∂ℓ/∂targets if the tape has room for it. */
export function lossForward(loss: Loss, ops: Ops, tape: Tape, shape: LossShape): void {
  const { losses, probabilities, dLogits, dTargets, logits, targets } = tape;
  if (loss === "mse") ops.squaredError(losses, dLogits, dTargets, logits, targets, shape);
  else ops.crossEntropy(losses, probabilities, dLogits, dTargets, logits, targets, shape);
}

/** Computes the tangents of both derivatives from that of the logits. */
export function lossForwardR(loss: Loss, ops: Ops, tape: Tape, tangent: Tangent, shape: LossShape): void {
  const { dLogits, dTargets, logits } = tangent;
  if (loss === "mse") ops.squaredErrorR(dLogits, dTargets, logits, shape);
  else ops.crossEntropyR(dLogits, dTargets, tape.probabilities, tape.targets, logits, shape);
}
