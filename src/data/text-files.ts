// Sets that say in text files what their images are: finding files, and reading lines of fields.

import { FormatError } from "../errors.ts";
import { quote } from "../formats/quote.ts";
import { type DataFile, nameOf, readDataFile } from "./data-file.ts";

const maximumBytes = 2 ** 26;

/** Files by path; `get` throws where one is missing. */
export interface LabelledFiles {
  has(path: string): boolean;
  get(path: string): DataFile;
}

/**
 * The files of the folder in which `pattern` finds its match; the pattern's first group is that folder, with its slash.
 *
 * @param source What errors call all of them.
 */
export function filesBeside(files: readonly DataFile[], pattern: RegExp, source: string): LabelledFiles {
  const prefix = files.map(({ path }) => pattern.exec(path)).find((match) => match !== null)?.[1] ?? "";
  const byPath = new Map(
    files.filter(({ path }) => path.startsWith(prefix)).map((file) => [file.path.slice(prefix.length), file]),
  );
  return {
    has: (path) => byPath.has(path),
    get(path) {
      const file = byPath.get(path);
      if (!file) throw new FormatError(`${source}: expected ${prefix}${path}, but it is missing`);
      return file;
    },
  };
}

/** A line of a text file. */
export interface Line {
  /** What spaces part. */
  readonly fields: string[];
  /** The error that says what was expected of this line. */
  readonly where: (expected: string, got: unknown) => FormatError;
}

/** The lines of a text file that are not blank. */
export async function linesOf(file: DataFile): Promise<Line[]> {
  const name = nameOf(file);
  const bytes = await readDataFile(file);
  if (bytes.length > maximumBytes) {
    throw new FormatError(`${name}: expected at most ${maximumBytes} bytes, got ${bytes.length}`);
  }
  return new TextDecoder()
    .decode(bytes)
    .split("\n")
    .map((line, i) => ({
      fields: line.split(/[ \t\r]+/).filter((field) => field !== ""),
      where: (expected: string, got: unknown) =>
        new FormatError(`${name}: expected ${expected} in line ${i + 1}, got ${quote(got)}`),
    }))
    .filter(({ fields }) => fields.length > 0);
}
