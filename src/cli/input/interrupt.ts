// Handles Ctrl-C. The first one asks the run to give up the current step and to keep its result; the second ends the process.
import { exitCodes } from "../errors.ts";

/** `npm start` passes Ctrl-C on to a process that the terminal has already signalled: one press gives two signals. */
const echoMilliseconds = 500;

let watching = 0;

/** Returns whether a run is in progress, which must not be lost with the last line of output. */
export function isUnderWay(): boolean {
  return watching > 0;
}

export interface Interrupt {
  readonly signal: AbortSignal;
  /** 0 until a reason to stop comes, then its exit code. */
  readonly exitCode: number;
  /** Ends the watch. */
  release(): void;
}

/** Stops on SIGINT, SIGTERM, SIGHUP, or when nobody reads stdout any more. */
export function watchInterrupts(): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  let firstAt = 0;
  const stop = (code: number): void => {
    exitCode = code;
    controller.abort();
  };
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      stop(exitCodes.interrupted);
    } else if (performance.now() - firstAt > echoMilliseconds) {
      process.exit(exitCodes.interrupted);
    }
  };
  const onStreamError = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE" && !controller.signal.aborted) stop(exitCodes.brokenPipe);
  };
  watching++;
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on("error", onStreamError);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      for (const name of signals) process.off(name, onSignal);
      process.stdout.off("error", onStreamError);
      watching--;
    },
  };
}
