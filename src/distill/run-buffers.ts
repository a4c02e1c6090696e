// Everything a run holds in a backend's memory, allocated here and nowhere else. With counting allocators it is the
// run's plan: what is counted is what is taken.
import { type Backend, type Buffer, none, type OptionalBuffer } from "../backend/backend.ts";
import type { Allocators } from "../inner/allocators.ts";
import { BackGradient } from "../inner/back-gradient.ts";
import { innerOptimizer } from "../inner/inner-optimizer.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { allocateBlocks, type Blocks, type InnerLoop } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { type BackGradientMethod, imagesPerStep } from "./method.ts";

/** What decides the sizes of a run. */
export interface RunSizes {
  readonly model: Model;
  readonly method: BackGradientMethod;
  readonly loss: Loss;
  /** Real images of an outer batch. */
  readonly batch: number;
}

/** The buffers of the networks of a run, and what works on them. */
export interface NetworkBuffers {
  readonly blocks: Blocks;
  readonly method: BackGradient;
  readonly real: RealBatch;
}

/** What the outer loop has of networks that run elsewhere. */
export interface ReplyBuffers {
  readonly blocks: Blocks;
  /** Of one network. */
  readonly gradients: NetworkGradients;
}

/** Gradients of one network. */
export interface NetworkGradients {
  /** As the blocks. */
  readonly images: Buffer;
  /** As the blocks; none unless labels are learned. */
  readonly targets: OptionalBuffer;
  /** [T] */
  readonly learningRates: Buffer;
}

/** The buffers of the outer loop itself. */
export interface OuterBuffers {
  /** Raw learning rates r, and η = softplus(r), [T]. */
  readonly raw: Buffer;
  readonly learningRates: Buffer;
  /** Gradients of pixels, labels and r, averaged over the networks of a step. Labels are none unless learned. */
  readonly gradient: { readonly images: Buffer; readonly targets: OptionalBuffer; readonly raw: Buffer };
  /** Adam's moments: [all pixels][r][all labels, if learned]. */
  readonly moments: { readonly first: Buffer; readonly second: Buffer };
  /** Squared norms of the gradients, [3]. */
  readonly norms: Buffer;
  /** One block as users hold it. */
  readonly staging: Buffer;
}

/** Allocates what networks need where they run, on `backend`, whose ops are not called. */
export function allocateNetworks(sizes: RunSizes, backend: Backend, allocators: Allocators): NetworkBuffers {
  const { model, method, loss, batch } = sizes;
  const loop = innerLoop(sizes);
  const blocks = allocateBlocks(loop, allocators.gradients);
  return {
    blocks,
    method: new BackGradient(loop, blocks, backend.ops, allocators, {
      memory: method.memory,
      wanted: { images: true, targets: method.labels === "learned" },
      initial: false,
    }),
    real: new RealBatch(model, backend, allocators.realBatch, batch, loss),
  };
}

/** Allocates what takes the place of the networks' buffers where those run on workers. */
export function allocateReplies(sizes: RunSizes, { gradients }: Pick<Allocators, "gradients">): ReplyBuffers {
  const { steps, epochs } = sizes.method;
  const blocks = allocateBlocks(innerLoop(sizes), gradients);
  const images = gradients.allocate(steps * blocks.imageFloats);
  const learningRates = gradients.allocate(steps * epochs);
  const labels = labelFloats(sizes.method, blocks);
  return { blocks, gradients: { images, targets: labels ? gradients.allocate(labels) : none, learningRates } };
}

/** Allocates what the outer loop needs beside the blocks. */
export function allocateOuter(
  sizes: RunSizes,
  blocks: Blocks,
  { gradients, scratch }: Pick<Allocators, "gradients" | "scratch">,
): OuterBuffers {
  const { model, method } = sizes;
  const pixels = method.steps * blocks.imageFloats;
  const length = method.steps * method.epochs;
  const labels = labelFloats(method, blocks);
  const floats = pixels + length + labels;
  return {
    raw: gradients.allocate(length),
    learningRates: gradients.allocate(length),
    gradient: {
      images: gradients.allocate(pixels),
      targets: labels ? gradients.allocate(labels) : none,
      raw: gradients.allocate(length),
    },
    moments: { first: gradients.allocate(floats), second: gradients.allocate(floats) },
    norms: gradients.allocate(3),
    staging: scratch.allocate(
      imagesPerStep(method, model.classes) * Math.max(elements(model.inputShape), model.classes),
    ),
  };
}

/** Floats of all blocks of labels that are learned. */
export function labelFloats({ steps, labels }: BackGradientMethod, { targetFloats }: Blocks): number {
  return labels === "learned" ? steps * targetFloats : 0;
}

function innerLoop({ model, method, loss }: RunSizes): InnerLoop {
  const { steps, epochs } = method;
  return { model, steps, epochs, imagesPerStep: imagesPerStep(method, model.classes), loss, ...innerOptimizer(method) };
}
