// The error classes of the library. A wrong argument throws a TypeError or RangeError of the shape
// `"name" expected X, got Y`; what goes wrong later throws one of these. Code tells them apart by `name`,
// because only name, message and stack survive the way out of a worker.

/** Layers, parameters or images whose shapes do not fit together. The message names the layer or file. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A file that is not what it claims to be. The message names the file, the byte offset and what was expected. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Something that this host or this build cannot do. The message says what to do instead. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
}

/**
 * A worker that died or did not start, or kernels that failed and with them their engine. The message says which and why;
 * `cause` is the error that ended it, if the host gives one.
 */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}
