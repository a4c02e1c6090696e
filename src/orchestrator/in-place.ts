// What computes, in place: loaded when something is to run here, because a page that leaves it to a worker needs none of it.
import { baseline } from "../distill/baselines/baseline.ts";
import { nearestNeighbors } from "../distill/baselines/nearest-neighbors.ts";
import { evaluate } from "../distill/evaluate.ts";
import { trainPool } from "../distill/train-pool.ts";

export { Run } from "../distill/distill.ts";
export { trainOn } from "../distill/train-on.ts";
export { createEngine } from "../engine/engine.ts";

/** The calls that give one result: whatever stands here can be called elsewhere too. */
export interface Calls {
  readonly baseline: typeof baseline;
  readonly evaluate: typeof evaluate;
  readonly nearestNeighbors: typeof nearestNeighbors;
  readonly trainPool: typeof trainPool;
}

export const calls: Calls = { baseline, evaluate, nearestNeighbors, trainPool };

export type CallName = keyof Calls;
export type OptionsOf<Name extends CallName> = Parameters<Calls[Name]>[0];
export type ResultOf<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;
