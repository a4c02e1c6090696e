// The networks of an outer step, each on the next worker that is free. Which worker that is cannot be seen in a result:
// gradients are added in the order of the networks.

import { transfer } from "comlink";
import type { Arena } from "../../backend/arena.ts";
import { type Backend, type Floats, required, write } from "../../backend/backend.ts";
import type { OuterLoopConfig } from "../../distill/config.ts";
import { type AddGradient, type StepNetworks, sizesOf } from "../../distill/network-gradient.ts";
import { allocateReplies, labelFloats, type NetworkGradients } from "../../distill/run-buffers.ts";
import { allIn } from "../../inner/allocators.ts";
import type { Blocks } from "../../inner/unroll.ts";
import { describeModel } from "../../nn/describe.ts";
import type { PoolOptions } from "../../workers/options.ts";
import { WorkerPool } from "../../workers/pool.ts";
import { shareable, shareableInit } from "../../workers/shared-memory.ts";
import type { WorkerApi } from "./api.ts";

export class NetworksOnWorkers implements StepNetworks {
  readonly blocks: Blocks;
  readonly gradients: NetworkGradients;
  readonly #config: OuterLoopConfig;
  readonly #backend: Backend;
  readonly #options: PoolOptions;
  #pool: WorkerPool<WorkerApi> | undefined;

  /** Workers are started by the first step. */
  constructor(config: OuterLoopConfig, backend: Backend, arena: Arena, options: PoolOptions) {
    this.#config = config;
    this.#backend = backend;
    this.#options = options;
    const { blocks, gradients } = allocateReplies(sizesOf(config), backend.plan, allIn(arena));
    this.blocks = blocks;
    this.gradients = gradients;
  }

  async run(step: number, rates: Floats, add: AddGradient): Promise<void> {
    const learningRates = rates.slice();
    const pool = this.#pool ?? (await this.#open());
    const backend = this.#backend;
    const { networksPerStep, method } = this.#config;
    const { gradients } = this;
    const pixels = method.steps * this.blocks.imageFloats;
    const labels = labelFloats(method, this.blocks);
    await pool.inOrder(
      networksPerStep,
      async (api, k) => {
        const images = await backend.read(this.blocks.images, pixels);
        const request = { step, k, images, learningRates };
        if (labels === 0) return api.gradient(transfer(request, [images.buffer]));
        const targets = await backend.read(this.blocks.targets, labels);
        return api.gradient(transfer({ ...request, targets }, [images.buffer, targets.buffer]));
      },
      (k, { loss, images, targets, learningRates }) => {
        write(backend, gradients.images, images);
        if (targets) write(backend, required(gradients.targets, "the gradient of the labels"), targets);
        write(backend, gradients.learningRates, learningRates);
        add(k, loss, gradients);
      },
    );
  }

  async dispose(): Promise<void> {
    await this.#pool?.dispose();
  }

  async #open(): Promise<WorkerPool<WorkerApi>> {
    const pool = await WorkerPool.start<WorkerApi>(this.#options);
    this.#pool = pool;
    const { model, ...config } = this.#config;
    const message = {
      ...config,
      data: shareable(config.data),
      init: shareableInit(config.init),
      model: describeModel(model),
      targets: await this.#backend.read(this.blocks.targets, config.method.steps * this.blocks.targetFloats),
    };
    await pool.all((api) => api.openRun(message));
    return pool;
  }
}
