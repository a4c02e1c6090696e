// How a batch of real images is cut into chunks that stay in a core's cache, and which of them run at the same time. The
// model's shape alone decides what the chunks are.
import type { Backend } from "../backend/backend.ts";
import type { Planner } from "../backend/plan.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { laneCount } from "../nn/network.ts";

/** Returns the images of a chunk, as planned for the largest layer; Infinity if a layer couples images. */
export function chunkImages(model: Model, plan: Planner): number {
  if (model.layers.some(({ couplesImages }) => couplesImages)) return Number.POSITIVE_INFINITY;
  let largest = 1;
  for (let i = 0; i < model.layers.length; i++) {
    largest = Math.max(largest, elements(model.shapes[i]!) + elements(model.shapes[i + 1]!));
  }
  return plan.chunk(
    largest,
    model.layers.map((layer, i) => layer.planned(model.shapes[i]!)),
  );
}

/** The chunks of a batch of at most so many images. */
export class Chunks {
  /** The lanes of a chunk. */
  readonly size: number;
  /** Whether each thread takes chunks of its own; else there is one at a time. */
  readonly small: boolean;
  readonly atOnce: number;

  constructor(model: Model, { plan, atOnce }: Pick<Backend, "plan" | "atOnce">, most: number) {
    this.size = Math.min(laneCount(model, most, plan), chunkImages(model, plan));
    this.small = !plan.sharesKernels(model.parameterCount);
    this.atOnce = this.small ? Math.min(atOnce, Math.ceil(most / this.size)) : 1;
  }

  /** Gives the rounds in which `count` images are done: each has the `atOnce` chunks from image `from` on. */
  *rounds(count: number): Iterable<{ readonly from: number; readonly atOnce: number }> {
    for (let from = 0; from < count; from += this.atOnce * this.size) {
      yield { from, atOnce: Math.min(this.atOnce, Math.ceil((count - from) / this.size)) };
    }
  }
}
