// Slices of an outer step's real images, so that several workers share a batch that is too large for one: each slice is computed with
// the whole inner loop, as a share of its own. The mean over the batch is the mean over its slices, weighted by their sizes
// (docs/math.md §1). Which images a slice has is decided by the run, and not by who computes it.
import type { Parts } from "../platform/parts.ts";
import type { Problem } from "./config.ts";
import type { Method, MethodContext, MethodRun, NetworkRun } from "./method.ts";
import { recorded } from "./networks.ts";
import { sliceOf } from "./slice-of.ts";

type Sliced = Pick<Problem, "networksPerStep" | "outer">;

/** Returns how many shares an outer step has: one for each network and slice. Those of a network come together. */
export function sharesPerStep({ networksPerStep, outer: { slices = 1 } }: Sliced): number {
  return networksPerStep * slices;
}

/** Returns how many images the batch of a step has: the last one of a pass may have fewer. */
function batchOf({ data, outer: { batch } }: Pick<Problem, "data" | "outer">, step: number): number {
  const place = step % Math.ceil(data.count / batch);
  return Math.min(batch, data.count - place * batch);
}

/** Returns the weight of share `k` in the mean of step `step`. */
export function shareWeight(problem: Sliced & Pick<Problem, "data">, step: number, k: number): number {
  const { networksPerStep, outer } = problem;
  const { slices = 1 } = outer;
  if (slices === 1) return 1 / networksPerStep;
  const images = batchOf(problem, step);
  const [from, to] = sliceOf(images, k % slices, slices);
  return (to - from) / images / networksPerStep;
}

/** Returns the fewest images that a batch has. */
export function smallestBatch(count: number, batch: number): number {
  return count % batch === 0 ? batch : count % batch;
}

/** Returns the method with a share for each network and slice. */
export function withSlices(method: Method, { outer: { slices = 1 } }: Pick<Problem, "outer">): Method {
  if (slices === 1) return method;
  return {
    ...method,
    allocate: (context) => method.allocate(context),
    network: (context, run) => new SlicedNetwork(method, context, run, slices),
  };
}

class SlicedNetwork implements NetworkRun {
  readonly #inner: NetworkRun;
  readonly #context: MethodContext;
  readonly #slices: number;

  constructor(method: Method, context: MethodContext, run: MethodRun, slices: number) {
    this.#inner = method.network(context, run);
    this.#context = context;
    this.#slices = slices;
  }

  get share(): NetworkRun["share"] {
    return this.#inner.share;
  }

  *record(step: number, k: number): Parts {
    this.#context.tools.slice = k % this.#slices;
    yield* recorded(this.#inner, step, Math.floor(k / this.#slices));
  }
}
