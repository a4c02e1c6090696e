// Reports an error: one line for a person at a terminal, and an exit code for a script.
import { CommanderError } from "commander";
import { thrown } from "../kinds.ts";
import { visible, visibleLines } from "../quote.ts";

/** A mistake in the command line: exit code 2. All other failures have 1. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Ctrl-C where nothing has begun yet: exit code 130. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("stopped before anything was begun");
  }
}

/** The exit codes other than 0. */
export const exitCodes = { failure: 1, usage: 2, interrupted: 130, brokenPipe: 141 } as const;

const systemMessages: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "is a folder, expected a file",
  ENOTDIR: "is a file, expected a folder",
  EEXIST: "is a file, expected a folder",
  ENOSPC: "no space left on the disk",
  EDQUOT: "no space left in the quota",
  EROFS: "the disk is read-only",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
  EFBIG: "files may not be so large here",
  EIO: "the disk does not work",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "links lead round in a circle",
};

/** Prints `error` as one line on stderr and returns the exit code. */
export function reportError(error: unknown): number {
  process.stderr.write(`distillate: ${printable(describe(error))}\n`);
  const { stack } = thrown(error);
  if (process.env.DISTILLATE_DEBUG === "1" && stack !== undefined) process.stderr.write(`${visibleLines(stack)}\n`);
  if (error instanceof InterruptedError) return exitCodes.interrupted;
  return error instanceof CommanderError || error instanceof UsageError ? exitCodes.usage : exitCodes.failure;
}

/** Prints a line that is neither a result nor an error, on stderr. */
export function writeNote(text: string): void {
  process.stderr.write(`note: ${printable(text)}\n`);
}

/** Makes a system's error that names another file, or none, say `what`; other errors stay as they are. */
export function withPath(error: unknown, what: string): unknown {
  const reason = systemReason(error);
  return reason === undefined ? error : new Error(`${what}: ${reason}`, { cause: error });
}

function describe(error: unknown): string {
  // "error: unknown option '--sed'\n(Did you mean --seed?)"
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "").replace("(Did", "(did");
  const reason = systemReason(error);
  const path = (error as NodeJS.ErrnoException | undefined)?.path;
  return reason !== undefined && path !== undefined ? `${path}: ${reason}` : thrown(error).message;
}

/** Returns the words for a system's error; undefined for other errors. */
export function systemReason(error: unknown): string | undefined {
  return systemMessages[codeOf(error)];
}

/** Returns whether there is no room, which the user can make. */
export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(codeOf(error));
}

/** Returns whether a file or folder does not exist. */
export function isGone(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "";
}

/** Returns text on one line with every character visible: file names and texts must not control the terminal. */
export function printable(text: string): string {
  return visible(text.replace(/\s*[\r\n]+\s*/g, " "));
}
