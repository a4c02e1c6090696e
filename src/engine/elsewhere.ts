// What may take the place of workers of this process: machines elsewhere.
import type { Check } from "../checks/checks.ts";
import { wrongKind } from "../checks/refusal.ts";
import type { AbortSignal } from "../host-types.ts";
import { isObject } from "../kinds.ts";
import type { EngineOptions } from "./options.ts";

/** What a group is started with elsewhere. */
export interface ElsewhereOptions {
  /** The options of the engines that compute, whose threads are for each machine to choose. */
  readonly engine: EngineOptions;
  /** Aborting ends all calls: they reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Machines that do the work of workers. `cluster` of distillate/cluster makes one. */
export interface Elsewhere {
  /** Begins there. What it resolves with, a group of workers, is for the library alone. */
  start(options: ElsewhereOptions): Promise<object>;
}

/** Checks that a value is one. */
export const elsewhereCheck: Check = (name, value) => {
  if (isObject(value) && typeof value.start === "function") return;
  throw wrongKind(name, "what cluster() of distillate/cluster gives", value);
};
