/** A file of assembly/. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What `readJobs` found, for the two writers. */
export interface KernelJobs {
  readonly kernels: readonly unknown[];
  readonly enums: readonly unknown[];
}

/** Reads the job classes of `sources`. Throws Error with file and line for what the two sides could not agree on. */
export function readJobs(sources: readonly Source[], mostFields: number): KernelJobs;

/** The text of assembly/dispatch.gen.ts. */
export function dispatchSource(jobs: KernelJobs): string;

/** The text of assembly/rare/dispatch.gen.ts. */
export function rareDispatchSource(jobs: KernelJobs): string;

/** The text of src/backend/wasm/jobs.gen.ts. */
export function writersSource(jobs: KernelJobs): string;
