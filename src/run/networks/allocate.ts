// Allocates what a run on workers holds, here and on each worker. A plan counts with this file, without loading code that runs.
import type { Buffer } from "../../backend/buffer.ts";
import type { Method, MethodContext, MethodRun, NetworkRun, Share } from "../../distill/method.ts";
import { allocateShare, mostStaging } from "../../distill/outer-buffers.ts";
import { rowsOf } from "../../distill/tensor.ts";
import type { Allocators } from "../../inner/allocators.ts";

/** The place of the shares that workers compute, and room to bring them in. */
export interface ReplyBuffers {
  readonly share: Share;
  readonly staging: Buffer;
}

/** Allocates it. */
export function allocateReplies(run: MethodRun, memory: Pick<Allocators, "gradients" | "scratch">): ReplyBuffers {
  return { share: allocateShare(run, memory), staging: memory.scratch.allocate(mostStaging(run)) };
}

/**
 * Counts the floats of the rows that the outer loop and so many workers hand each other: all that is learned and carried once, and
 * gradients of what is learned for each network that is computed.
 */
export function messageFloats({ learned, carried }: MethodRun, workers: number): number {
  return workers === 0 ? 0 : rowsOf([...learned, ...carried]) + workers * rowsOf(learned);
}

/** What a worker holds of a run: all that is learned, and what computes shares. */
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
  return { run, network, staging: context.memory.scratch.allocate(mostStaging(run)) };
}
