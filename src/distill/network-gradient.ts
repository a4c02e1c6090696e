// One network of an outer step: its outer loss, and the gradient of that in the pixels and learning rates. It is a
// function of the run's config, the step, the network's number, pixels and learning rates, and of nothing else: so it
// can be asked for anywhere (worker/), in any order, with the same bits.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Buffer } from "../backend/backend.ts";
import { batchInto } from "../data/dataset.ts";
import { elements } from "../nn/layer.ts";
import { randomKey } from "../random.ts";
import { BackGradient, type OuterLoss } from "./back-gradient.ts";
import { innerOptimizer } from "./inner-optimizer.ts";
import type { OuterLoopConfig } from "./outer-loop.ts";
import { type Batch, RealBatch } from "./outer-loss.ts";
import { allocateBlocks, type Blocks, type InnerLoop } from "./unroll.ts";
import { writeWeights } from "./weight-source.ts";

/** Takes the gradients of network `k`: `dImages` laid out as the blocks, `dLearningRates` [T]. They hold until it returns. */
export type AddGradient = (k: number, loss: number, dImages: Buffer, dLearningRates: Buffer) => void;

/** The networks of an outer step, wherever they run: here, or on workers (worker/networks.ts). */
export interface StepNetworks {
  /** What the outer loop updates. */
  readonly blocks: Blocks;
  /** Gives the gradients of all networks of outer step `step` to `add`, in the order of their numbers. */
  run(step: number, learningRates: Float32Array, add: AddGradient): Promise<void> | void;
}

/** The inner loop of a run. */
export function innerLoop({ model, method, loss }: Pick<OuterLoopConfig, "model" | "method" | "loss">): InnerLoop {
  const { steps, epochs, imagesPerClass } = method;
  return { model, steps, epochs, imagesPerStep: imagesPerClass * model.classes, loss, ...innerOptimizer(method) };
}

/** Outer steps in one pass over the real images. */
export function stepsPerEpoch({ data, outer }: Pick<OuterLoopConfig, "data" | "outer">): number {
  return Math.ceil(data.count / outer.batch);
}

export class NetworkGradient implements StepNetworks {
  readonly blocks: Blocks;
  /** Gradients of the last network, laid out as the blocks, and [T]. */
  readonly dImages: Buffer;
  readonly dLearningRates: Buffer;
  readonly #config: OuterLoopConfig;
  readonly #backend: Backend;
  readonly #method: BackGradient;
  readonly #outerLoss: OuterLoss;
  readonly #order: Buffer;
  readonly #images: Float32Array;
  #epoch = -1;
  #epochOrder: Float32Array = new Float32Array(0);
  #step = -1;
  #batch: Batch | undefined;

  constructor(config: OuterLoopConfig, backend: Backend, arena: Arena) {
    const { model, method, data, outer, loss } = config;
    const loop = innerLoop(config);
    this.#config = config;
    this.#backend = backend;
    this.blocks = allocateBlocks(loop, arena);
    this.#method = new BackGradient(loop, this.blocks, backend.ops, arena, {
      activations: method.activations,
      wanted: { images: true, targets: false },
    });
    this.dImages = this.#method.dImages;
    this.dLearningRates = this.#method.dLearningRates;
    const real = new RealBatch(model, backend, arena, outer.batch, loss);
    this.#outerLoss = (theta, gradient) => real.loss(theta, this.#batch!, gradient);
    this.#order = arena.allocate(data.count);
    this.#images = new Float32Array(outer.batch * elements(model.inputShape));
  }

  run(step: number, learningRates: Float32Array, add: AddGradient): void {
    for (let k = 0; k < this.#config.networksPerStep; k++) {
      add(k, this.one(step, k, learningRates), this.dImages, this.dLearningRates);
    }
  }

  /** The outer loss of network `k` of step `step` at the images in `blocks`; its gradients lie in the buffers above. */
  one(step: number, k: number, learningRates: Float32Array): number {
    const { model, init, networksPerStep, seed } = this.#config;
    this.#selectBatch(step);
    const index = step * networksPerStep + k;
    writeWeights(init, this.#backend, model, this.#method.unroll.theta(0), { seed, purpose: "distil", index });
    return this.#method.run(learningRates, this.#outerLoss, randomKey(seed, "dropout/distil", index));
  }

  /** The real batch of a step; each pass over the data has an order of its own, and its last batch may be smaller. */
  #selectBatch(step: number): void {
    if (step === this.#step) return;
    const { data, outer, seed } = this.#config;
    const perEpoch = stepsPerEpoch(this.#config);
    const epoch = Math.floor(step / perEpoch);
    const within = step - epoch * perEpoch;
    if (epoch !== this.#epoch) {
      this.#backend.ops.permutation(this.#order, data.count, randomKey(seed, "order", epoch));
      this.#epochOrder = Float32Array.from(this.#backend.read(this.#order, data.count));
      this.#epoch = epoch;
    }
    const indices = this.#epochOrder.subarray(within * outer.batch, (within + 1) * outer.batch);
    const images = this.#images.subarray(0, indices.length * (this.#images.length / outer.batch));
    batchInto(data, indices, images);
    const targets = Uint8Array.from(indices, (index) => data.labels[index]!);
    this.#batch = { count: indices.length, images, targets, hard: true };
    this.#step = step;
  }
}
