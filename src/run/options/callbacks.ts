// Calls the user's functions during a call. They may throw, at once or, if they are async, later: either way the call rejects
// with what was thrown, wherever the callback was called from.

/** The callbacks of one call. */
export class Callbacks {
  readonly #pending = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;
  #reject!: (error: unknown) => void;
  /** Rejects with what the first failed callback threw; never resolves. */
  readonly failed: Promise<never>;

  constructor() {
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // Callers that do not wait for it use `check` or `settled`.
    this.failed.catch(() => {});
  }

  /** Calls `callback`, without waiting for it; after one has failed, no more are called. */
  tell<T>(callback: ((value: T) => unknown) | undefined, value: T): void {
    if (this.#failure || !callback) return;
    try {
      const returned = callback(value);
      if (!isThenable(returned)) return;
      const pending = Promise.resolve(returned)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => this.#pending.delete(pending));
      this.#pending.add(pending);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Throws what a failed callback threw. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for the callbacks that were called. Rejects with what the first failed one threw. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
    this.check();
  }

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#reject(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
