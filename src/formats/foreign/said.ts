// What was declared, what a file says and what was guessed about a set: a number measured on it means little without.

/** One thing that is known, or thought, of a published set. */
export interface Finding {
  readonly what: "form" | "layout" | "labels" | "classes" | "normalization" | "whitening" | "formation" | "training";
  readonly value: string;
  /** "declared" by the caller, stated by the "file", or "guessed". */
  readonly by: "declared" | "file" | "guessed";
  readonly because: string;
}

/** Notes a finding. */
export type Said = (by: Finding["by"], what: Finding["what"], value: string, because: string) => void;
