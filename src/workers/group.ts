// A group of workers that share out numbered tasks, on the caller's side. Every call ends when the group does: when a worker
// dies, when the AbortSignal aborts, and by dispose().

import type { Remote } from "comlink";
import type { GroupOptions } from "./options.ts";
import { type StartWorker, workerStarter } from "./start.ts";
import { type StartMessage, startMessage } from "./start-message.ts";
import { SupervisedWorker } from "./supervised.ts";

/** The calls that every worker of a group answers; particular groups answer more. */
export interface EngineWorker {
  start(engine: StartMessage): Promise<void>;
}

export class WorkerGroup<Api extends EngineWorker> {
  readonly #members: SupervisedWorker<Api>[] = [];
  readonly #signal: AbortSignal | undefined;
  #end: { readonly reason: unknown; readonly stopped: Promise<unknown> } | undefined;

  private constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
  }

  /** Starts workers with an engine each. Throws the reason why a worker could not start, or the signal's reason. */
  static async start<Api extends EngineWorker>({
    workers,
    engine,
    signal,
    start,
  }: GroupOptions): Promise<WorkerGroup<Api>> {
    const message = await startMessage(engine);
    signal?.throwIfAborted();
    const group = new WorkerGroup<Api>(signal);
    try {
      for (let i = 1; i <= workers; i++) group.#add(`worker ${i} of ${workers}`, start ?? workerStarter());
      await group.all((api) => (api as Remote<EngineWorker>).start(message));
      return group;
    } catch (error) {
      await group.dispose();
      throw error;
    }
  }

  #add(name: string, start: StartWorker): void {
    this.#members.push(new SupervisedWorker(name, start, (error) => this.#stop(error)));
  }

  /** Runs a task on every worker. */
  async all(task: (api: Remote<Api>) => Promise<void>): Promise<void> {
    await Promise.all(this.#members.map((member) => member.call(task)));
  }

  /** Runs tasks 0 … count−1, each on the next free worker, and returns their results in order. */
  async inOrder<T>(
    count: number,
    task: (api: Remote<Api>, k: number) => Promise<T>,
    deliver: (k: number, result: T) => void,
  ): Promise<void> {
    const early = new Map<number, T>();
    let next = 0;
    let delivered = 0;
    let failed = false;
    const serve = async (member: SupervisedWorker<Api>): Promise<void> => {
      try {
        while (next < count && !failed) {
          const k = next++;
          early.set(k, await member.call((api) => task(api, k)));
          for (; early.has(delivered) && !failed; delivered++) {
            // The receiver of a result may have aborted.
            if (this.#end) throw this.#end.reason;
            deliver(delivered, early.get(delivered)!);
            early.delete(delivered);
          }
        }
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    await Promise.all(this.#members.map(serve));
  }

  /** Stops the workers at once. Later calls reject. */
  async dispose(): Promise<void> {
    this.#stop(new Error("the workers were stopped"));
    await this.#end?.stopped;
  }

  readonly #abort = (): void => this.#stop(this.#signal!.reason);

  /** Ends all calls with `reason` and stops all workers; the first reason counts. */
  #stop(reason: unknown): void {
    if (this.#end) return;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#end = { reason, stopped: Promise.all(this.#members.map((member) => member.stop(reason))) };
  }
}
