// The error classes of the library. Arguments that are wrong throw TypeError or RangeError of the shape
// `"name" expected X, got Y`; what goes wrong later throws one of these. They are told apart by `name`,
// because only name, message and stack survive the way out of a worker, with what `detailsOf` adds.
import type { DistilledSet } from "./distill/distilled-set.ts";
import type { PoolNetwork } from "./distill/train-pool.ts";

/** Layers, parameters or images whose shapes do not fit together. The message names the layer or file. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A file that is not what it claims to be. The message names the file, the byte offset and what was expected. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

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

type Learned = Pick<DivergedError, "set" | "networks">;

/** Hands over what was learned. It is not printed with the error: it may be megabytes. */
export function withLearned(error: DivergedError, learned: Learned): DivergedError {
  for (const [key, value] of Object.entries(learned)) {
    if (value !== undefined) Object.defineProperty(error, key, { value, configurable: true });
  }
  return error;
}

/** Something this host or this build cannot do. The message says what can be done instead. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
}

/** A worker that died or could not start. The message says which one and why. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

const classes: Readonly<Record<string, new (message: string) => Error>> = {
  RangeError,
  TypeError,
  ShapeError,
  FormatError,
  UnsupportedError,
  WorkerError,
};

/** What an error holds beside name, message and stack, to be sent along with these. */
export function detailsOf(error: unknown): object {
  if (!(error instanceof DivergedError)) return {};
  const { step, tensor, value, network, set, networks } = error;
  return { step, tensor, value, network, set, networks };
}

/**
 * An error that came out of a worker, where only name, message, stack and its details survive, as one of the class it had
 * there. An error of this side, as a callback throws it, stays what it is.
 */
export function withClass(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  const { name, message, stack } = error;
  if (name === "DivergedError") {
    const details = error as Error & Divergence & Learned;
    return Object.assign(withLearned(new DivergedError(message, details), pick(details)), { stack });
  }
  const Class = Object.hasOwn(classes, name) ? classes[name] : undefined;
  return Class ? Object.assign(new Class(message), { stack }) : error;
}

function pick({ set, networks }: Learned): Learned {
  return { ...(set && { set }), ...(networks && { networks }) };
}
