// Places of the kernels where another number or operator gives the same results, each with the reason: mutants there show nothing.

/** A file of assembly/, the line as it is written, and why. */
const equal = [];

/** Whether a mutant is of such a place. */
export function isEqual({ path, line }) {
  return equal.some((place) => path === `assembly/${place.file}` && line === place.line);
}
