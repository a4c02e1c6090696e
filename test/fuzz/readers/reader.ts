// What a row of the table of readers says.
import type { Seed } from "../mutate.ts";

/** The name that every reader of bytes gives the file in errors. */
export const fileName = "evil.bin";

export interface Reader {
  readonly name: string;
  /** The functions of src/ that read what strangers wrote, as this row calls them. */
  readonly covers: readonly string[];
  /** Good files, made by writers of the library or of the tests. */
  readonly seeds: () => Promise<readonly Seed[]> | readonly Seed[];
  readonly read: (bytes: Uint8Array) => unknown;
  /** How many mutants `npm run test:slow` reads; `npm test` reads a part of them. */
  readonly cases: number;
  /** A limit on memory above that of all readers, which is the input and 64 MB, and its reason. */
  readonly memory?: { readonly megabytes: number; readonly because: string };
}

/** Makes seeds of whole files. */
export function whole(...files: readonly Uint8Array[]): Seed[] {
  return files.map((bytes) => ({ bytes }));
}

export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
