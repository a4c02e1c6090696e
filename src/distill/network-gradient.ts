// One network of an outer step: its outer loss, and the gradient of that in pixels, labels and learning rates. It is a
// function of the run's config, the step, the network's number and these, and of nothing else: so it can be asked for
// anywhere (worker/), in any order, with the same bits.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Floats } from "../backend/backend.ts";
import { allIn } from "../inner/allocators.ts";
import type { BackGradient, OuterLoss } from "../inner/back-gradient.ts";
import { blockOrder } from "../inner/block-order.ts";
import { DataBatch } from "../inner/data-batch.ts";
import type { Blocks } from "../inner/unroll.ts";
import { randomKey } from "../numeric/random.ts";
import type { OuterLoopConfig } from "./config.ts";
import { allocateNetworks, type NetworkGradients, type RunSizes } from "./run-buffers.ts";
import { writeWeights } from "./write-weights.ts";

/** Takes the gradients of network `k`. They hold until it returns. */
export type AddGradient = (k: number, loss: number, gradients: NetworkGradients) => void;

/** The networks of an outer step, wherever they run: here, or on workers (run/networks/networks.ts). */
export interface StepNetworks {
  /** What the outer loop updates. */
  readonly blocks: Blocks;
  /** Where the gradients of one network lie while they are added; between two steps the room is free. */
  readonly gradients: NetworkGradients;
  /**
   * Gives the gradients of all networks of outer step `step` to `add`, in the order of their numbers. What waits must
   * copy the learning rates first.
   */
  run(step: number, learningRates: Floats, add: AddGradient): Promise<void> | void;
}

/** What decides the sizes of a run. */
export function sizesOf({ model, method, loss, outer }: OuterLoopConfig): RunSizes {
  return { model, method, loss, batch: outer.batch };
}

export class NetworkGradient implements StepNetworks {
  readonly blocks: Blocks;
  readonly gradients: NetworkGradients;
  readonly #config: OuterLoopConfig;
  readonly #backend: Backend;
  readonly #method: BackGradient;
  readonly #batch: DataBatch;
  readonly #outerLoss: OuterLoss;

  constructor(config: OuterLoopConfig, backend: Backend, arena: Arena) {
    const { data, outer, seed, augment } = config;
    const { blocks, method, real } = allocateNetworks(sizesOf(config), backend, allIn(arena));
    this.#config = config;
    this.#backend = backend;
    this.#method = method;
    this.#batch = new DataBatch(data, { most: outer.batch, seed, augment });
    this.#outerLoss = (theta, gradient) => real.loss(theta, this.#batch, gradient);
    this.blocks = blocks;
    this.gradients = { images: method.dImages, targets: method.dTargets, learningRates: method.dLearningRates };
  }

  run(step: number, learningRates: Floats, add: AddGradient): void {
    for (let k = 0; k < this.#config.networksPerStep; k++) {
      add(k, this.one(step, k, learningRates), this.gradients);
    }
  }

  /** The outer loss of network `k` of step `step` at what is in `blocks`; its gradients lie in the buffers above. */
  one(step: number, k: number, learningRates: Floats): number {
    const { model, method, init, networksPerStep, seed } = this.#config;
    const index = step * networksPerStep + k;
    this.#batch.select(step);
    const use = { seed, purpose: "distil", index, perStep: networksPerStep } as const;
    writeWeights(init, this.#backend, model, this.#method.unroll.theta(0), use);
    const order = method.shuffle ? blockOrder(method, { seed, purpose: "blocks/distil", index }) : undefined;
    return this.#method.run(learningRates, this.#outerLoss, randomKey(seed, "dropout/distil", index), order);
  }
}
