// Tasks for workers, and what shares them out, wherever the workers are.
import type { Remote } from "comlink";

/** A call, or several, of one worker. */
export type Task<Api, T> = (api: Remote<Api>) => Promise<T>;

/** What shares out numbered tasks, wherever they are done. */
export interface Group<Api> {
  /** Runs a task wherever others will run: what it opens is open there. */
  all(task: Task<Api, void>): Promise<void>;
  /** Runs tasks 0 … count−1 and delivers their results in order. A worker waits for `ended` before it takes another task. */
  inOrder<T>(
    count: number,
    task: (api: Remote<Api>, k: number) => Promise<T>,
    deliver: (k: number, result: T) => void,
    ended?: (result: T) => unknown,
  ): Promise<void>;
  /** Ends all calls. Later ones reject. */
  dispose(): Promise<void>;
}
