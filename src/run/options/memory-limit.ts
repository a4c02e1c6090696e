// Refuses a run that would take too much memory, and says what would make it fit.

import { outerDefaults } from "../../distill/methods/known.ts";
import type { MethodCode } from "../../distill/methods/load.ts";
import { outerOptions } from "../../distill/outer-options.ts";
import { threadCount } from "../../engine/options.ts";
import { chunkImages } from "../../inner/chunks.ts";
import { laneCount } from "../../nn/network.ts";
import type { DistillOptions } from "./distill.ts";
import { busyWorkers, hostBytes, type MemoryOptions, memoryOf, type PlanOptions, planOf } from "./memory-plan.ts";

/** The fewest images worth a pass: one vector of lanes. */
const LEAST_BATCH = 4;
const PAGE = 65_536;

/**
 * Throws RangeError if the run would take more than `memoryLimit` bytes, or more than WebAssembly can address; the
 * message names options that fit.
 */
export function checkMemoryLimit(given: MemoryOptions & Pick<DistillOptions, "memoryLimit">, code: MethodCode): void {
  const { memoryLimit = Number.POSITIVE_INFINITY, engine } = given;
  const options: PlanOptions = { ...given, code };
  // The memory of one worker is hardly smaller than that of a run in place.
  const inPlace = { ...options, workers: 0, networks: undefined };
  const { addressable } = planOf({ engine });
  const possible = addressable + hostBytes(inPlace);
  const one = memoryOf(inPlace).total;
  if (one > possible && possible < memoryLimit) {
    const refusal = `the run takes ${one} bytes, WebAssembly can address ${addressable}`;
    throw new RangeError(`${refusal}; ${advice(possible, inPlace)}`);
  }
  const { total } = memoryOf(options);
  if (total > memoryLimit) {
    const refusal = `"memoryLimit" expected >= ${total} bytes for this run, got ${memoryLimit}`;
    throw new RangeError(`${refusal}; ${advice(memoryLimit, options)}`);
  }
}

function advice(limit: number, options: PlanOptions): string {
  const recompute = recomputing(options);
  const ways = recompute ? fittingMemory(limit, options, recompute) : [];
  const batch = fittingBatch(limit, options);
  if (batch) ways.push(`outer: { batch: ${batch} }`);
  if (ways.length > 0) return `it fits with ${ways.join(", or with ")}`;
  const least = recompute ?? options;
  const inMethod = recompute ? 'memory: "recompute" in the method and ' : "";
  const both = fittingBatch(limit, least);
  if (both) return `it fits with ${inMethod}outer: { batch: ${both} }`;
  const { total } = memoryOf(withBatch(least, LEAST_BATCH));
  return (
    `even with ${inMethod}outer: { batch: ${LEAST_BATCH} } it takes ${total}; ` +
    "fewer steps, epochs, imagesPerClass, threads or workers take less, and a smaller model does"
  );
}

/** Returns what the method's option `memory` may be, so that the run fits. */
function fittingMemory(limit: number, options: PlanOptions, recompute: PlanOptions): string[] {
  const least = memoryOf(recompute);
  if (least.total > limit) return [];
  // Totals are whole pages, and so are the steps between a size that fits and one that does not.
  const times = Math.max(1, busyWorkers(options));
  const spare = Math.floor((limit - least.total) / times / PAGE) * PAGE;
  const most = (least.parameters + least.activations) / times + spare;
  return [`memory: "recompute", or a number up to ${most}, in the method`];
}

/** Returns the largest outer batch that fits, or 0. A batch above one chunk for each thread takes no more memory. */
function fittingBatch(limit: number, options: PlanOptions): number {
  const { model, engine, threads = "auto" } = options;
  const { batch } = outerOptions(options.outer ?? {}, options.data.count, outerDefaults(options.method));
  const most = (engine?.threads ?? threadCount(threads)) * chunkImages(model, planOf(options));
  // Batches are multiples of the least. The memory grows with them, so a binary search finds the largest.
  let [fits, tooMany] = [0, Math.ceil(Math.min(laneCount(model, batch, planOf(options)), most) / LEAST_BATCH)];
  for (let fours = tooMany - 1; fours > fits; fours = (fits + tooMany) >> 1) {
    if (memoryOf(withBatch(options, LEAST_BATCH * fours)).total <= limit) fits = fours;
    else tooMany = fours;
  }
  return LEAST_BATCH * fits;
}

/** Returns the same run with recomputation instead of storage, or undefined if the method has no such option. */
function recomputing(options: PlanOptions): PlanOptions | undefined {
  const { method } = options;
  return "memory" in method ? { ...options, method: { ...method, memory: "recompute" } } : undefined;
}

function withBatch(options: PlanOptions, batch: number): PlanOptions {
  return { ...options, outer: { ...options.outer, batch } };
}
