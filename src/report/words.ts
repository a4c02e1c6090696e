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
 * decay 0.0005" or "2,000 epochs of Adam in batches of 500, learning rate 0.0003 (from 0 in 500 steps, then along a cosine to 1 % of
 * it), weight decay 0, augmented by crop or rotate".
 */
export function fitText(training: FitTraining): string {
  const { optimizer, epochs, batch, learningRate, momentum, weightDecay, augment = [] } = training;
  const sgd = optimizer === "sgd";
  const parts = [
    `${plural(epochs, "epoch")} of ${sgd ? "SGD" : "Adam"} in batches of ${batch}`,
    `learning rate ${learningRate}${scheduleText(training)}`,
    ...(sgd ? [`momentum ${momentum}`] : []),
    `weight decay ${weightDecay}`,
    ...(augment.length > 0 ? [`augmented by ${augment.join(" or ")}`] : []),
  ];
  return parts.join(", ");
}

function scheduleText(training: FitTraining): string {
  const { schedule, decayAt = [], decayFactor, restart, warmupSteps = 0, finalShare = 0 } = training;
  if (schedule === "cosine") {
    const rise = warmupSteps > 0 ? `from 0 in ${plural(warmupSteps, "step")}, then ` : "";
    const end = finalShare > 0 ? `${Number((100 * finalShare).toPrecision(6))} % of it` : "0";
    return ` (${rise}along a cosine to ${end})`;
  }
  const anew = restart ? ", with the optimiser started anew" : "";
  return decayAt.length === 0 ? "" : ` (× ${decayFactor} after epoch ${decayAt.join(", ")}${anew})`;
}
