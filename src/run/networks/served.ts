// What a worker holds of a run: all that is learned, and what computes shares.
import type { Buffer } from "../../backend/backend.ts";
import type { Method, MethodContext, MethodRun, NetworkRun } from "../../distill/method.ts";
import { stagingFloats } from "../../distill/tensor.ts";

export interface Served {
  readonly run: MethodRun;
  readonly network: NetworkRun;
  /** Room to bring tensors in and out. */
  readonly staging: Buffer;
}

/** Allocates it. */
export function allocateServed(method: Method, context: MethodContext): Served {
  const run = method.allocate(context);
  const network = method.network(context, run);
  const staging = Math.max(1, ...[...run.learned, ...run.carried].map(stagingFloats));
  return { run, network, staging: context.memory.scratch.allocate(staging) };
}
