// A file that grows by lines while a program runs, on a disk that may fill up or disappear for a while: all lines are kept,
// and those that the file lacks are written as soon as possible.
import { open } from "node:fs/promises";

/** The wait after a fault, and between two attempts. */
const retryMilliseconds = 1000;
const pauseMilliseconds = 100;

export class LinesFile {
  readonly #lines: string[] = [];
  readonly #told: (error: unknown) => Promise<void>;
  #path: string;
  /** The number of lines in the file, and their bytes. */
  #written = 0;
  #bytes = 0;
  #busy: Promise<void> = Promise.resolve();
  #visit: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `told` is called after each attempt to write, with its error or undefined. */
  constructor(path: string, told: (error: unknown) => Promise<void>) {
    this.#path = path;
    this.#told = told;
  }

  /** Goes on with a file that has these lines. */
  goOn(lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(`${line}\n`);
    this.#written = this.#lines.length;
    this.#bytes = new TextEncoder().encode(this.#lines.join("")).length;
  }

  /** Adds a line, which is written soon. */
  add(line: string): void {
    this.#lines.push(`${line}\n`);
    this.#plan(pauseMilliseconds);
  }

  /** Writes all lines that the file lacks. Throws the file system's error. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#busy;
    const now = before.then(() => this.#write());
    this.#busy = now.catch(() => {});
    await now;
  }

  /** Starts the file anew in another place. */
  async moveTo(path: string): Promise<void> {
    await this.#busy;
    this.#path = path;
    this.#written = 0;
    this.#bytes = 0;
    await this.flush();
  }

  /** Stops writing. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#visit;
    await this.#busy;
  }

  #plan(milliseconds: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#visit = this.#goThere();
    }, milliseconds).unref();
  }

  async #goThere(): Promise<void> {
    const error = await this.flush().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await this.#told(error);
    if (error !== undefined) this.#plan(retryMilliseconds);
  }

  async #write(): Promise<void> {
    const file = await open(this.#path, "a");
    try {
      const { size } = await file.stat();
      // A full disk leaves a line half written; a file that somebody deleted or cut is written from the start.
      if (size > this.#bytes) await file.truncate(this.#bytes);
      else if (size < this.#bytes) {
        await file.truncate(0);
        this.#written = 0;
        this.#bytes = 0;
      }
      const upTo = this.#lines.length;
      const bytes = new TextEncoder().encode(this.#lines.slice(this.#written, upTo).join(""));
      await file.appendFile(bytes);
      this.#written = upTo;
      this.#bytes += bytes.length;
    } finally {
      await file.close();
    }
  }
}
