// What users say of the script that workers start from.
import type { URL, Worker } from "../host-types.ts";

/** The URL of a worker's script where a page serves it as a file, or what starts it. */
export type WorkerScript = string | URL | (() => Worker);
