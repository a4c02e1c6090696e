// Sets that say in text files what their images are: finding files, and reading lines of fields.
import { FormatError } from "../../errors.ts";
import { quote, shortName } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";

/** CUB's longest list has a megabyte. */
const maximumBytes = 2 ** 24;
const longestLine = 2 ** 13;
const lineFeed = 0x0a;

/** Files by path; `get` throws where one is missing. */
export interface LabelledFiles {
  /** How many there are. */
  readonly size: number;
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
 * The lines of a text file, one after the other: nothing is kept of a line that has been read, and blank ones, which may
 * be millions, leave nothing at all.
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

  /** Of `file`, in which at most `most` lines are not blank. */
  static async of(file: DataFile, most: number): Promise<TextLines> {
    return new TextLines(nameOf(file), await readDataFile(file, maximumBytes), most);
  }

  /**
   * What spaces part in the next line that is not blank; undefined after the last.
   *
   * @throws FormatError for a line that is too long, and for too many.
   */
  next(): string[] | undefined {
    const bytes = this.#bytes;
    // A line feed ends a line; of the others nothing is told apart.
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

  /** The error that says what was expected of the line that was read last. */
  bad(expected: string, got: unknown): FormatError {
    return new FormatError(`${this.#name}: expected ${expected} in line ${this.#line + 1}, got ${quote(got)}`);
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === lineFeed;
}
