// The type of the script from which users let workers start.
import type { URL, Worker } from "../host-types.ts";

/** The URL of a worker's script if a page serves it as a file, or a function that starts the worker. */
export type WorkerScript = string | URL | (() => Worker);
