// Refuses a run that would take too much memory when it is called, before anything is started. In a page whoever computes refuses it
// (memory-at-call.page.ts): the code that counts is that of the methods, and no page should download it twice.
import { codeOf } from "../../distill/methods/methods.ts";
import type { DistillOptions } from "./distill.ts";
import { checkMemoryLimit } from "./memory-limit.ts";
import type { MemoryOptions } from "./memory-plan.ts";

/** Throws RangeError if the run would take more than `memoryLimit` bytes, or more than WebAssembly can address. */
export function checkMemoryAtCall(options: MemoryOptions & Pick<DistillOptions, "memoryLimit">): void {
  checkMemoryLimit(options, codeOf(options.method, options.images));
}
