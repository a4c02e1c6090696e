// A group of workers that share out numbered tasks, on the caller's side. A task whose worker dies is given to a fresh one.
// Every call ends: when the workers die of it again and again, when the AbortSignal aborts, and by dispose().

import type { Remote } from "comlink";
import { WorkerError } from "../errors.ts";
import { inOrder } from "./in-order.ts";
import type { GroupOptions } from "./options.ts";
import { type StartWorker, workerStarter } from "./start.ts";
import { type StartMessage, startMessage } from "./start-message.ts";
import { SupervisedWorker } from "./supervised.ts";
import type { Group, Task } from "./tasks.ts";

/** The calls that every worker of a group answers; particular groups answer more. */
export interface EngineWorker {
  start(engine: StartMessage): Promise<void>;
}

/** How many fresh workers in a row may take over one task before its call ends with the death of the last one. */
export const FRESH_WORKERS = 3;

export class WorkerGroup<Api extends EngineWorker> implements Group<Api> {
  readonly #members: SupervisedWorker<Api>[] = [];
  readonly #count: number;
  readonly #start: StartWorker;
  readonly #signal: AbortSignal | undefined;
  /** What a fresh worker does first: it starts its engine, and opens what the others have open. */
  readonly #first: Task<Api, void>[];
  #end: { readonly reason: unknown; readonly stopped: Promise<unknown> } | undefined;

  private constructor({ workers, signal, start }: GroupOptions, message: StartMessage) {
    this.#count = workers;
    this.#start = start ?? workerStarter();
    this.#signal = signal;
    this.#first = [(api) => (api as Remote<EngineWorker>).start(message)];
    signal?.addEventListener("abort", this.#abort);
  }

  /**
   * Starts workers with an engine each; or what is asked for in their place. Throws the reason why a worker could not start, or the
   * signal's reason.
   */
  static async start<Api extends EngineWorker>(options: GroupOptions): Promise<Group<Api>> {
    if (options.on) return options.on.start(options) as Promise<Group<Api>>;
    const message = await startMessage(options.engine);
    options.signal?.throwIfAborted();
    const group = new WorkerGroup<Api>(options, message);
    try {
      // A worker that does not start is not tried again.
      await Promise.all(Array.from({ length: options.workers }, (_, i) => group.#add(i)));
      return group;
    } catch (error) {
      await group.dispose();
      throw error;
    }
  }

  async #add(i: number): Promise<void> {
    const member = new SupervisedWorker<Api>(`worker ${i + 1} of ${this.#count}`, this.#start);
    this.#members[i] = member;
    for (const task of this.#first) await member.call(task);
  }

  /** Runs a task on every worker. A worker that replaces one of them later runs it too, in the place of the last such task. */
  async all(task: Task<Api, void>): Promise<void> {
    this.#first[1] = task;
    await Promise.all(this.#members.map((_, i) => this.#run(i, task)));
  }

  /**
   * Runs tasks 0 … count−1, each on the next free worker, and returns their results in order. If a worker dies, a fresh one
   * runs its task again, up to three times; an error that a task throws is not tried again. A worker waits for `ended`
   * before it takes another task.
   */
  async inOrder<T>(
    count: number,
    task: (api: Remote<Api>, k: number) => Promise<T>,
    deliver: (k: number, result: T) => void,
    ended: (result: T) => unknown = () => {},
  ): Promise<void> {
    await inOrder({
      ...{ count, atOnce: this.#members.length, deliver, ended },
      task: (k, i) => this.#run(i, (api) => task(api, k)),
      check: () => {
        if (this.#end) throw this.#end.reason;
      },
    });
  }

  /** Runs a task on worker `i`, and if it dies on a fresh one in its place: its memory may hold anything. */
  async #run<T>(i: number, task: Task<Api, T>): Promise<T> {
    for (let fresh = 0; ; fresh++) {
      const member = this.#members[i]!;
      try {
        if (member.reason) await this.#replace(i, member);
        return await this.#members[i]!.call(task);
      } catch (error) {
        // What the task threw, it would throw again. A WorkerError of a living worker is the end of its kernels.
        if (this.#end || !(error instanceof WorkerError)) throw error;
        if (fresh === FRESH_WORKERS) {
          this.#stop(error);
          throw error;
        }
        this.#members[i]!.stop(error);
      }
    }
  }

  async #replace(i: number, dead: SupervisedWorker<Api>): Promise<void> {
    // Until it has ended, its memory is taken.
    await dead.stop(undefined);
    if (this.#end) throw this.#end.reason;
    await this.#add(i);
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
