// The side of a worker that computes networks: an engine of its own, and what it is asked to compute on it.
import { transfer } from "comlink";
import type { Mark } from "../../backend/arena.ts";
import { required, write } from "../../backend/backend.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { NetworkGradient } from "../../distill/network-gradient.ts";
import { backendEntry } from "../../engine/backends.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import type { Confusion } from "../../evaluate/confusion.ts";
import { HeldOutTest } from "../../evaluate/held-out-test.ts";
import { PoolTrainer } from "../../evaluate/pool-trainer.ts";
import { modelFromDescription } from "../../nn/describe.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import type { GradientReply, GradientRequest, RunMessage, TestMessage, TrainingMessage, WorkerApi } from "./api.ts";

export class NetworkServer implements WorkerApi {
  #engine: Engine | undefined;
  #mark: Mark | undefined;
  #networks: NetworkGradient | undefined;
  #test: HeldOutTest | undefined;
  #trainer: PoolTrainer | undefined;

  async start({ kernels, ...options }: StartMessage): Promise<void> {
    if (kernels) backendEntry(options.backend).adopt?.(kernels);
    this.#engine = await createEngine(options);
  }

  openRun({ model, targets, ...config }: RunMessage): void {
    const { backend, arena } = this.#anew();
    this.#networks = new NetworkGradient({ ...config, model: modelFromDescription(model) }, backend, arena);
    write(backend, this.#networks.blocks.targets, targets);
  }

  async gradient({ step, k, images, targets, learningRates }: GradientRequest): Promise<GradientReply> {
    const { backend } = this.#engine!;
    const networks = this.#networks!;
    write(backend, networks.blocks.images, images);
    if (targets) write(backend, networks.blocks.targets, targets);
    const loss = await networks.one(step, k, learningRates);
    const { gradients } = networks;
    const reply: GradientReply = {
      loss,
      images: await backend.read(gradients.images, images.length),
      ...(targets && {
        targets: await backend.read(required(gradients.targets, "the gradient of the labels"), targets.length),
      }),
      learningRates: await backend.read(gradients.learningRates, learningRates.length),
    };
    const arrays = [reply.images, reply.learningRates, ...(reply.targets ? [reply.targets] : [])];
    return transfer(
      reply,
      arrays.map(({ buffer }) => buffer),
    );
  }

  openTest({ model, ...options }: TestMessage): void {
    const { backend, arena } = this.#anew();
    this.#test = new HeldOutTest({ ...options, model: modelFromDescription(model) }, backend, arena);
  }

  accuracy(network: number, set: DistilledSet): Promise<number> {
    return this.#test!.accuracy(network, set);
  }

  confusion(network: number, set: DistilledSet): Promise<Confusion> {
    return this.#test!.confusion(network, set);
  }

  openTraining({ model, ...config }: TrainingMessage): void {
    const { backend, arena } = this.#anew();
    this.#trainer = new PoolTrainer({ ...config, model: modelFromDescription(model) }, backend, arena);
  }

  async trainEpoch(network: number, epoch: number): Promise<number> {
    const trainer = this.#trainer!;
    if (epoch === 0) trainer.start(network);
    let sum = 0;
    for (let s = 0; s < trainer.stepsPerEpoch; s++) sum += await trainer.step();
    return sum / trainer.stepsPerEpoch;
  }

  async trained(): ReturnType<PoolTrainer["result"]> {
    const result = await this.#trainer!.result();
    return transfer(result, [result.parameters.buffer]);
  }

  /** The engine, with the memory of the last task given back. */
  #anew(): Engine {
    const engine = this.#engine!;
    if (this.#mark) engine.arena.release(this.#mark);
    this.#mark = engine.arena.mark();
    return engine;
  }
}
