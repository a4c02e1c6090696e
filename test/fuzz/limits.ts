// What may be taken, and what the process that reads mutants and the one that watches it say to each other.

/** The limits for one mutant: the time for it, and the memory above its own length. */
export const limits = { milliseconds: 1000, megabytes: 64 };

/** Some mutants of one reader. */
export interface Job {
  readonly reader: string;
  readonly from: number;
  readonly to: number;
}

export interface Work {
  readonly seed: number;
  readonly jobs: readonly Job[];
  /** The file that says which mutant of which job is being read. */
  readonly progress: string;
}

export interface Fault {
  readonly what: "error" | "time" | "memory" | "death";
  readonly text: string;
}

/** What the process says that reads. */
export type Said =
  /** It is about to read the mutants of a job. */
  | { readonly kind: "ready" }
  | { readonly kind: "suspect"; readonly reader: string; readonly number: number; readonly fault: Fault }
  | {
      readonly kind: "done";
      readonly reader: string;
      readonly mutants: number;
      readonly refused: number;
      /** In milliseconds. */
      readonly slowest: number;
    };
