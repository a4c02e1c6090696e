// A file that grows by lines while a program runs, on a disk that may fill up, or be gone for a while: all lines are kept,
// and what is missing in the file is written when that can be done again.
import { open } from "node:fs/promises";

/** After a fault, and between two visits to the disk. */
const retryMilliseconds = 1000;
const pauseMilliseconds = 100;

export class LinesFile {
  readonly #lines: string[] = [];
  readonly #told: (error: unknown) => Promise<void>;
  #path: string;
  /** Lines in the file, and their bytes. */
  #written = 0;
  #bytes = 0;
  #busy: Promise<void> = Promise.resolve();
  #visit: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `told` hears of each attempt to write: of its error, or of none. */
  constructor(path: string, told: (error: unknown) => Promise<void>) {
    this.#path = path;
    this.#told = told;
  }

  /** Adds a line. It is in the file soon. */
  add(line: string): void {
    this.#lines.push(`${line}\n`);
    this.#plan(pauseMilliseconds);
  }

  /** Writes what is missing. Throws the file system's error. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#busy;
    const now = before.then(() => this.#write());
    this.#busy = now.catch(() => {});
    await now;
  }

  /** Begins the file anew in another place. */
  async moveTo(path: string): Promise<void> {
    await this.#busy;
    this.#path = path;
    this.#written = 0;
    this.#bytes = 0;
    await this.flush();
  }

  /** Stops writing by itself. */
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
      // A full disk leaves a line half written; a file that somebody deleted, or cut, begins anew.
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
