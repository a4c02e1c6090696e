/** What a finding is about. */
export type Kind = "mutual" | "upward" | "loop" | "uncovered" | "unused" | "longFile" | "longFunction" | "parameters";

/** One violation, with what to do about it. */
export interface Finding {
  readonly kind: Kind;
  /** From the root, with "/". */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Checks src/ in a folder by the layers.json beside it, and the sizes of files and functions in its assembly/ too. */
export function checkLayers(root: string): {
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Kind, number>>;
  /** How many files src/ has, generated ones aside. */
  readonly files: number;
};
