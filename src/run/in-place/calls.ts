// The calls that give one result, and what loads the code that computes them in place: each when it is wanted, so that a page
// downloads only those that it makes, and its main thread none that a worker makes.

/** The calls; an orchestrator can run each of them. */
export interface Calls {
  readonly baseline: typeof import("./baseline.ts").baseline;
  readonly evaluate: typeof import("./evaluate.ts").evaluate;
  readonly judge: typeof import("./judge.ts").judge;
  readonly nearestNeighbors: typeof import("./nearest-neighbors.ts").nearestNeighbors;
  readonly trainPool: typeof import("./train-pool.ts").trainPool;
  readonly verify: typeof import("./verify.ts").verify;
}

const loaders: { readonly [Name in keyof Calls]: () => Promise<Calls[Name]> } = {
  baseline: async () => (await import("./baseline.ts")).baseline,
  evaluate: async () => (await import("./evaluate.ts")).evaluate,
  judge: async () => (await import("./judge.ts")).judge,
  nearestNeighbors: async () => (await import("./nearest-neighbors.ts")).nearestNeighbors,
  trainPool: async () => (await import("./train-pool.ts")).trainPool,
  verify: async () => (await import("./verify.ts")).verify,
};

export type CallName = keyof Calls;
export type OptionsOf<Name extends CallName> = Parameters<Calls[Name]>[0];
export type ResultOf<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;

/** Loads the code of a call. */
export async function loadCall<Name extends CallName>(
  name: Name,
): Promise<(options: OptionsOf<Name>) => Promise<ResultOf<Name>>> {
  return (await loaders[name]()) as never;
}
