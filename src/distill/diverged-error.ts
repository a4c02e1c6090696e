// The error of a training that diverged; it holds what was learned before.
import type { DistilledSet } from "./distilled-set.ts";
import type { PoolNetwork } from "./weight-source.ts";

/** Where a training diverged. */
export interface Divergence {
  /** The step that failed, from 1: an outer step of a distillation, or a step in the training of a network. */
  readonly step: number;
  /** The name of what was out of range, such as "loss" or "gradient of the images". */
  readonly tensor: string;
  readonly value: number;
  /** The number of the network of a pool that was being trained. */
  readonly network?: number | undefined;
}

/**
 * Thrown when a loss, a gradient or a set is no longer finite. The message names the step and the tensor, and says what to
 * do. The error holds what was learned before the step that failed.
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
  /** The set of a distillation as it was before step `step`, after `step` − 1 updates; its recipe says `diverged`. */
  declare readonly set?: DistilledSet;
  /** The networks of `trainPool` whose training had ended, in the order of their numbers. */
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

/** Adds what was learned to the error. It is not printed with the error, because it may be megabytes. */
export function withLearned(error: DivergedError, learned: Learned): DivergedError {
  for (const [key, value] of Object.entries(learned)) {
    if (value !== undefined) Object.defineProperty(error, key, { value, configurable: true });
  }
  return error;
}
