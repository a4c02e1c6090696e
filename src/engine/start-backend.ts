// Starts backends: the one that is asked for, or where the host cannot start it the one that takes its place; and another one
// in the place of a GPU that was lost.
import type { Backend } from "../backend/backend.ts";
import { thrown } from "../kinds.ts";
import { type BackendName, type BackendOptions, backendEntry } from "./backends.ts";

/** How often a GPU that was lost is opened again. */
const FRESH_DEVICES = 2;

/** What a backend is started with. */
export interface Start extends BackendOptions {
  readonly name: BackendName | undefined;
}

/** Starts the backend, or with a notice the one that takes its place. */
export async function started(start: Start): Promise<Backend> {
  const { create, otherwise } = backendEntry(start.name);
  try {
    return await create(start);
  } catch (error) {
    if (otherwise === undefined || !isHosts(error)) throw error;
    start.onNotice?.(`${thrown(error).message}; runs on the backend "${otherwise}" instead`);
    return started({ ...start, name: otherwise });
  }
}

/**
 * Starts what takes the place of a backend that failed with `error`: of kernels without rare ones all kernels, and of a GPU, for the
 * n-th time counted from 0, twice a fresh device, then the backend that it has otherwise. Gives undefined for another error.
 */
export async function replacement(
  backend: Backend,
  error: unknown,
  n: number,
  start: Start,
): Promise<Backend | undefined> {
  if (thrown(error).name === "RareKernelsError") {
    // As many threads as started before: why it has no more was told then.
    return started({ ...start, name: "wasm", threads: backend.threads, rare: true });
  }
  const { otherwise } = backendEntry(start.name);
  const tooLarge = thrown(error).name === "UnsupportedError";
  if (!backend.gpu || otherwise === undefined || (!backend.failed && !tooLarge)) return undefined;
  const { message } = thrown(error);
  if (!tooLarge && n < FRESH_DEVICES) {
    start.onNotice?.(`${message}; goes on on a fresh device`);
    return started(start);
  }
  start.onNotice?.(`${message}; goes on on the backend "${otherwise}"`);
  return started({ ...start, name: otherwise });
}

/** Whether an error says that the host cannot do something, or that it gave up. */
function isHosts(error: unknown): boolean {
  return ["UnsupportedError", "WorkerError"].includes(thrown(error).name);
}
