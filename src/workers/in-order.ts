// Numbered tasks that several do side by side, whose results are delivered in the order of their numbers.

/** Tasks, and what becomes of their results. */
export interface Numbered<T> {
  /** How many tasks there are, and how many are done at once. */
  readonly count: number;
  readonly atOnce: number;
  /** Does task `k`, as one of those at once. */
  readonly task: (k: number, i: number) => Promise<T>;
  readonly deliver: (k: number, result: T) => void;
  /** Is waited for before the next task of the same `i`. */
  readonly ended: (result: T) => unknown;
  /** Throws if no more results shall be delivered. */
  readonly check: () => void;
}

/** Does tasks 0 … count−1. Rejects with the first error, after which no task begins and no result is delivered. */
export async function inOrder<T>({ count, atOnce, task, deliver, ended, check }: Numbered<T>): Promise<void> {
  const early = new Map<number, T>();
  let next = 0;
  let delivered = 0;
  let failed = false;
  const serve = async (i: number): Promise<void> => {
    try {
      while (next < count && !failed) {
        const k = next++;
        const result = await task(k, i);
        await ended(result);
        early.set(k, result);
        for (; early.has(delivered) && !failed; delivered++) {
          // The receiver of a result may have aborted.
          check();
          deliver(delivered, early.get(delivered)!);
          early.delete(delivered);
        }
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, (_, i) => serve(i)));
}
