// The error of a training that diverged, and what was learned before it.
import type { DistilledSet } from "./distilled-set.ts";
import type { PoolNetwork } from "./weight-source.ts";

/** Where training stopped making sense, and what it had come to by then. */
export interface Divergence {
  /** The step that failed, from 1: an outer step of a distillation, or a step in the training of a network. */
  readonly step: number;
  /** What was out of range, as "loss" or "gradient of the images", and its value. */
  readonly tensor: string;
  readonly value: number;
  /** The network of a pool that was in training. */
  readonly network?: number | undefined;
}

/**
 * A loss, a gradient or a set that is no longer finite. The message names the step and the tensor, and what helps. What
 * was learned before the step that failed is not lost: it is here.
 *
 * @example
 * const set = await run.result().catch((error) => {
 *   if (error.name === "DivergedError" && error.set) return error.set;
 *   throw error;
 * });
 */
export class DivergedError extends Error implements Divergence {
  override readonly name = "DivergedError";
  readonly step: number;
  readonly tensor: string;
  readonly value: number;
  readonly network: number | undefined;
  /** The set as it was before step `step`, after `step` − 1 updates; its recipe says `diverged`. Of distillations. */
  declare readonly set?: DistilledSet;
  /** The networks of the pool whose training had ended, in the order of their numbers. Of `trainPool`. */
  declare readonly networks?: readonly PoolNetwork[];

  constructor(message: string, { step, tensor, value, network }: Divergence) {
    super(message);
    this.step = step;
    this.tensor = tensor;
    this.value = value;
    this.network = network;
  }
}

export type Learned = Pick<DivergedError, "set" | "networks">;

/** Hands over what was learned. It is not printed with the error: it may be megabytes. */
export function withLearned(error: DivergedError, learned: Learned): DivergedError {
  for (const [key, value] of Object.entries(learned)) {
    if (value !== undefined) Object.defineProperty(error, key, { value, configurable: true });
  }
  return error;
}
