// The calls that give one result, in place: whatever stands here can be called elsewhere too.
import { baseline } from "../distill/baselines/baseline.ts";
import { nearestNeighbors } from "../distill/baselines/nearest-neighbors.ts";
import { evaluate } from "../distill/evaluate.ts";
import { trainPool } from "../distill/train-pool.ts";

interface Here {
  readonly baseline: typeof baseline;
  readonly evaluate: typeof evaluate;
  readonly nearestNeighbors: typeof nearestNeighbors;
  readonly trainPool: typeof trainPool;
}

export const here: Here = { baseline, evaluate, nearestNeighbors, trainPool };

export type CallName = keyof Here;
export type OptionsOf<Name extends CallName> = Parameters<Here[Name]>[0];
export type ResultOf<Name extends CallName> = Awaited<ReturnType<Here[Name]>>;
