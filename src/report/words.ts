// Numbers and settings in words, for the page of a run and for the command.
import type { FitTraining } from "../distill/training.ts";

/** Writes a number as "9,000", the same in every locale. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Writes a number with its noun: "1 step", "2,000 steps". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/**
 * Writes a protocol as "300 epochs of SGD in batches of 256, learning rate 0.01 (× 0.1 after epoch 150), momentum 0.9, weight
 * decay 0.0005".
 */
export function fitText(training: FitTraining): string {
  const { epochs, batch, learningRate, decayAt = [], decayFactor, momentum, weightDecay } = training;
  const decays = decayAt.length === 0 ? "" : ` (× ${decayFactor} after epoch ${decayAt.join(", ")})`;
  const rates = `learning rate ${learningRate}${decays}, momentum ${momentum}, weight decay ${weightDecay}`;
  return `${plural(epochs, "epoch")} of SGD in batches of ${batch}, ${rates}`;
}
