// For sets that describe their images in text files: finds files, and reads lines of fields.
import { FormatError } from "../../errors.ts";
import { quote, shortName } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";

/** CUB's longest list is a megabyte. */
const maximumBytes = 2 ** 24;
const longestLine = 2 ** 13;
const lineFeed = 0x0a;

/** Files by path; `get` throws for a missing one. */
export interface LabelledFiles {
  /** The number of files. */
  readonly size: number;
  has(path: string): boolean;
  get(path: string): DataFile;
}

/**
 * Returns the files of the folder in which `pattern` matches; the pattern's first group is that folder, with its slash.
 *
 * @param source The name of all of them in errors.
 */
export function filesBeside(files: readonly DataFile[], pattern: RegExp, source: string): LabelledFiles {
  const prefix = files.map(({ path }) => pattern.exec(path)).find((match) => match !== null)?.[1] ?? "";
  const byPath = new Map(
    files.filter(({ path }) => path.startsWith(prefix)).map((file) => [file.path.slice(prefix.length), file]),
  );
  return {
    size: byPath.size,
    has: (path) => byPath.has(path),
    get(path) {
      const file = byPath.get(path);
      if (!file) throw new FormatError(`${source}: expected ${shortName(prefix + path)}, but it is missing`);
      return file;
    },
  };
}

/**
 * Reads the lines of a text file one after the other. Nothing is kept of a line that has been read, and blank lines, of which
 * there may be millions, take no memory.
 */
export class TextLines {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #most: number;
  readonly #decoder = new TextDecoder();
  #at = 0;
  #line = 0;
  #count = 0;

  private constructor(name: string, bytes: Uint8Array, most: number) {
    this.#name = name;
    this.#bytes = bytes;
    this.#most = most;
  }

  /** Opens `file`, in which at most `most` lines may be not blank. */
  static async of(file: DataFile, most: number): Promise<TextLines> {
    return new TextLines(nameOf(file), await readDataFile(file, maximumBytes), most);
  }

  /**
   * Returns the fields, separated by spaces, of the next line that is not blank; undefined after the last.
   *
   * @throws FormatError for a line that is too long, and for too many lines.
   */
  next(): string[] | undefined {
    const bytes = this.#bytes;
    // Only a line feed ends a line; all other blanks are alike.
    while (this.#at < bytes.length && isBlank(bytes[this.#at]!)) {
      if (bytes[this.#at++] === lineFeed) this.#line++;
    }
    if (this.#at >= bytes.length) return undefined;
    if (++this.#count > this.#most) throw this.bad(`at most ${this.#most} lines, one for each file`, "more");
    const start = this.#at;
    while (this.#at < bytes.length && bytes[this.#at] !== lineFeed) this.#at++;
    const length = this.#at - start;
    if (length > longestLine) throw this.bad(`at most ${longestLine} bytes`, length);
    const line = this.#decoder.decode(bytes.subarray(start, this.#at));
    return line.split(/[ \t\r]+/).filter((field) => field !== "");
  }

  /** Makes the error that says what was expected of the line read last. */
  bad(expected: string, got: unknown): FormatError {
    return new FormatError(`${this.#name}: expected ${expected} in line ${this.#line + 1}, got ${quote(got)}`);
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === lineFeed;
}
