// Carries errors out of a worker: comlink sends only name, message and stack.
import { DivergedError, type Divergence, type Learned, withLearned } from "../distill/diverged-error.ts";
import { FormatError, ShapeError, UnsupportedError, WorkerError } from "../errors.ts";
import { thrown } from "../kinds.ts";

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

/** An error that came out of a worker and lost its class. */
type Sent = Pick<Error, "name" | "message" | "stack"> & { readonly cause?: unknown } & Partial<Divergence & Learned>;

/** Returns the fields of an error to send along with name, message and stack. */
export function detailsOf(error: unknown): object {
  const { cause } = (error ?? {}) as Partial<Error>;
  if (cause !== undefined) return { cause: thrown(cause) };
  if ((error as Partial<Error> | undefined)?.name !== "DivergedError") return {};
  const { step, tensor, value, network, set, networks } = error as DivergedError;
  return { step, tensor, value, network, set, networks };
}

/** Gives an error that came out of a worker its class again. */
export function withClass({ name, message, stack, cause, ...details }: Sent): Error {
  const error = name === "DivergedError" ? diverged(message, details) : new (classes.get(name) ?? Error)(message);
  // Properties are defined, not assigned, because assigning fails if a program has frozen the prototypes of errors.
  const define = (key: string, value: unknown): unknown =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  define("stack", stack);
  if (cause) define("cause", withClass(cause as Sent));
  if (error.name !== name) define("name", name);
  return error;
}

function diverged(message: string, { set, networks, ...rest }: Partial<Divergence & Learned>): DivergedError {
  const learned = { ...(set && { set }), ...(networks && { networks }) };
  return withLearned(new DivergedError(message, rest as Divergence), learned);
}
