// What may take the place of workers of this process: machines elsewhere. They share out tasks as a group of workers does.
import type { Remote } from "comlink";
import type { Check } from "../checks/checks.ts";
import { wrongKind } from "../checks/refusal.ts";
import type { AbortSignal } from "../host-types.ts";
import { isObject } from "../kinds.ts";
import type { EngineOptions } from "./options.ts";

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

/** What a group is started with elsewhere. */
export interface ElsewhereOptions {
  /** The options of the engines that compute, whose threads are for each machine to choose. */
  readonly engine: EngineOptions;
  /** Aborting ends all calls: they reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Machines that do the work of workers. `cluster` of distillate/cluster makes one. */
export interface Elsewhere {
  start<Api>(options: ElsewhereOptions): Promise<Group<Api>>;
}

/** Checks that a value is one. */
export const elsewhereCheck: Check = (name, value) => {
  if (isObject(value) && typeof value.start === "function") return;
  throw wrongKind(name, "what cluster() of distillate/cluster gives", value);
};
