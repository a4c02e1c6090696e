// Errors on their way out of a worker: comlink sends name, message and stack alone.
import { DivergedError, type Divergence, type Learned, withLearned } from "../distill/diverged-error.ts";
import { FormatError, ShapeError, UnsupportedError, WorkerError } from "../errors.ts";

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
