// The code that computes in place. It is loaded on demand, because a page that leaves all work to a worker does not need it.
import { baseline } from "./baseline.ts";
import { evaluate } from "./evaluate.ts";
import { judge } from "./judge.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";
import { trainPool } from "./train-pool.ts";
import { verify } from "./verify.ts";

export { createEngine } from "../../engine/engine.ts";
export { Run } from "./distill.ts";
export { trainOn } from "./train-on.ts";

/** The calls that give one result; an orchestrator can run each of them. */
export interface Calls {
  readonly baseline: typeof baseline;
  readonly evaluate: typeof evaluate;
  readonly judge: typeof judge;
  readonly nearestNeighbors: typeof nearestNeighbors;
  readonly trainPool: typeof trainPool;
  readonly verify: typeof verify;
}

export const calls: Calls = { baseline, evaluate, judge, nearestNeighbors, trainPool, verify };

export type CallName = keyof Calls;
export type OptionsOf<Name extends CallName> = Parameters<Calls[Name]>[0];
export type ResultOf<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;
