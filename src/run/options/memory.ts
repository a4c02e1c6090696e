// The public call that says how much memory a run will take. It may not wait, so it has the code of all methods; what runs counts
// with its own method alone (memory-plan.ts).

import { optional, whole } from "../../checks/checks.ts";
import { checkOptions, thing } from "../../checks/options.ts";
import { shapeCheck } from "../../data/options.ts";
import { codeOf } from "../../distill/methods/methods.ts";
import { checkBackendName } from "../../engine/backends.ts";
import { placeChecks } from "../../engine/options.ts";
import { distillChecks } from "./call-checks.ts";
import { type MemoryEstimate, type MemoryOptions, memoryOf } from "./memory-plan.ts";

export type { MemoryEstimate, MemoryOptions } from "./memory-plan.ts";

/** All other options of `distill` are allowed too, so that the same options serve both. */
const memoryChecks = /* @__PURE__ */ (() => ({
  ...distillChecks,
  ...placeChecks,
  engine: optional(
    thing("what createEngine() gives", { threads: whole(1), backend: thing("a backend", { name: checkBackendName }) }),
  ),
  data: shapeCheck,
}))();

/**
 * Computes the bytes that a run of `distill` will take, with any method: exactly those of its WebAssembly memory, its data set,
 * the order of the real images, its pretrained weights, the states that it keeps and the set that it gives. Nothing is run or
 * allocated. In place, networks of an outer step run one after the other, so `networksPerStep` costs little. Each worker that has
 * something to do holds a network and an order of the images, and all of them together the data once more and what is learned.
 *
 * What JavaScript itself takes during a run comes on top: in Node about 10 MB, as much for each thread after the first, and
 * twice as much for each worker; with it, the estimate is within 10 % of what a process grows by (test/slow/memory.test.ts). A
 * state or a set that you ask for during a run takes its own arrays. Evaluating a set afterwards takes the test images as floats, and
 * of a small model as many networks in training as there are threads: more than the run took only if that recomputes, or has
 * few inner steps and many threads.
 *
 * @throws ShapeError and RangeError as `distill` for options that do not fit each other.
 * @example
 * const data = { count: 60_000, channels: 1, height: 28, width: 28, classes: 10 };
 * const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
 * estimateMemory({ model: lenet(), method, data, threads: 2 }).total; // bytes
 */
export function estimateMemory(options: MemoryOptions): MemoryEstimate {
  checkOptions(options, memoryChecks);
  return memoryOf({ ...options, code: codeOf(options.method, options.images) });
}
