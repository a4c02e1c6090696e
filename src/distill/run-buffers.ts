// Everything a run holds in a backend's memory, allocated here and nowhere else. With counting allocators it is the
// run's plan: what is counted is what is taken.
import type { Backend, Buffer } from "../backend/backend.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { Allocators } from "./allocators.ts";
import { BackGradient } from "./back-gradient.ts";
import { innerOptimizer } from "./inner-optimizer.ts";
import type { BackGradientMethod } from "./method.ts";
import { RealBatch } from "./outer-loss.ts";
import { allocateBlocks, type Blocks } from "./unroll.ts";

/** What decides the sizes of a run. */
export interface RunSizes {
  readonly model: Model;
  readonly method: BackGradientMethod;
  readonly loss: Loss;
  /** Real images in all, and in an outer batch. */
  readonly images: number;
  readonly batch: number;
}

/** The buffers of a run, and what works on them. */
export interface RunBuffers {
  readonly blocks: Blocks;
  readonly method: BackGradient;
  readonly real: RealBatch;
  /** Raw learning rates r, and η = softplus(r), [T]. */
  readonly raw: Buffer;
  readonly learningRates: Buffer;
  /** Gradients of pixels and of r, averaged over the networks of a step. */
  readonly gradient: { readonly images: Buffer; readonly raw: Buffer };
  /** Adam's moments: [all pixels][r]. */
  readonly moments: { readonly first: Buffer; readonly second: Buffer };
  /** Squared norms of both gradients, [2]. */
  readonly norms: Buffer;
  /** The order of the real images. */
  readonly order: Buffer;
  /** One block as users hold it. */
  readonly staging: Buffer;
}

/** Images in one block. */
export function imagesPerStep({ model, method }: Pick<RunSizes, "model" | "method">): number {
  return method.imagesPerClass * model.classes;
}

/** Allocates a run on `backend`, whose ops are not called. */
export function allocateRun(sizes: RunSizes, backend: Backend, allocators: Allocators): RunBuffers {
  const { model, method, loss, images, batch } = sizes;
  const { steps, epochs } = method;
  const { gradients, scratch } = allocators;
  const perStep = imagesPerStep(sizes);
  const loop = { model, steps, epochs, imagesPerStep: perStep, loss, ...innerOptimizer(method) };
  const blocks = allocateBlocks(loop, gradients);
  const backGradient = new BackGradient(loop, blocks, backend.ops, allocators, {
    memory: method.memory,
    wanted: { images: true, targets: false },
  });
  const pixels = steps * blocks.imageFloats;
  const { length } = backGradient.unroll;
  return {
    blocks,
    method: backGradient,
    real: new RealBatch(model, backend, allocators.realBatch, batch, loss),
    raw: gradients.allocate(length),
    learningRates: gradients.allocate(length),
    gradient: { images: gradients.allocate(pixels), raw: gradients.allocate(length) },
    moments: { first: gradients.allocate(pixels + length), second: gradients.allocate(pixels + length) },
    norms: gradients.allocate(2),
    order: allocators.data.allocate(images),
    staging: scratch.allocate(perStep * Math.max(elements(model.inputShape), model.classes)),
  };
}
