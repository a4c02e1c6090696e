// What a table of bad files is: for one format, files that are read, and files with one thing wrong in each.
import { fileName } from "../formats/hostile.ts";

/** A file of the format with one thing wrong, and the part of the message that says so. */
export type BadFile<File> = readonly [what: string, says: string, file: File];

/** The bad files of one format. A file is its bytes, or a list of files where a format is a folder. */
export interface BadFiles<File> {
  readonly format: string;
  readonly read: (file: File) => unknown;
  /** Files that are read: the bad ones differ from these by one thing. */
  readonly good: readonly File[];
  readonly bad: readonly BadFile<File>[];
  /** How every message begins. Default: the name of the file and a colon. */
  readonly names?: RegExp;
}

/** Checks the types of a table, and forgets which kind of file it holds. */
export function table<File>(files: BadFiles<File>): BadFiles<unknown> {
  return files as BadFiles<unknown>;
}

/** The least number of different bad files of a format. */
export const fewest = 40;
export const namesFile: RegExp = new RegExp(`^${fileName.replace(".", "\\.")}: `);
/** The longest message: one that shows what a file holds cuts it. */
export const longestMessage = 1000;

/** Returns a copy with `insert` in the place of `remove` bytes. */
export function spliced(bytes: Uint8Array, at: number, remove: number, insert: ArrayLike<number> = []): Uint8Array {
  const out = new Uint8Array(bytes.length - remove + insert.length);
  out.set(bytes.subarray(0, at));
  out.set(Uint8Array.from(insert), at);
  out.set(bytes.subarray(at + remove), at + insert.length);
  return out;
}

/** The bytes of a whole number below 2^32, the least significant first. */
export function little(value: number, bytes: 2 | 4 = 4): number[] {
  return Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) % 256);
}

/** The bytes of a whole number below 2^32, the most significant first. */
export function big(value: number, bytes: 2 | 4 = 4): number[] {
  return little(value, bytes).reverse();
}
