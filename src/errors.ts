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

const classes = new Map<string, new (message: string) => Error>(
  Object.entries({
    RangeError,
    TypeError,
    ShapeError,
    FormatError,
    UnsupportedError,
    WorkerError,
  }),
);

/** An error as it comes out of a worker, where its class does not survive. */
type Sent = Pick<Error, "name" | "message" | "stack"> & Partial<Divergence & Learned>;

/** What an error holds beside name, message and stack, to be sent along with these. */
export function detailsOf(error: unknown): object {
  if ((error as Partial<Error> | undefined)?.name !== "DivergedError") return {};
  const { step, tensor, value, network, set, networks } = error as DivergedError;
  return { step, tensor, value, network, set, networks };
}

/** An error that came out of a worker, as one of the class it had there. */
export function withClass({ name, message, stack, ...details }: Sent): Error {
  const error = name === "DivergedError" ? diverged(message, details) : new (classes.get(name) ?? Error)(message);
  // Defined, not assigned: an assignment fails where a program has frozen the prototypes of errors.
  const define = (key: string, value: unknown): unknown =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  define("stack", stack);
  if (error.name !== name) define("name", name);
  return error;
}

function diverged(message: string, { set, networks, ...rest }: Partial<Divergence & Learned>): DivergedError {
  const learned = { ...(set && { set }), ...(networks && { networks }) };
  return withLearned(new DivergedError(message, rest as Divergence), learned);
}
