// The worker's side: an engine of its own, and the networks that it is asked to compute on it. The code for each kind of task is
// loaded when such a task is opened.

import { transfer } from "comlink";
import type { Mark } from "../../backend/arena.ts";
import { backendEntry } from "../../engine/backends.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import type { Confusion } from "../../evaluate/confusion.ts";
import type { TrainedOn } from "../../evaluate/fit-trainer.ts";
import type { HeldOutTest } from "../../evaluate/held-out-test.ts";
import type { PoolTrainer, TrainedWeights } from "../../evaluate/pool-trainer.ts";
import { modelFromDescription } from "../../nn/describe.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import type {
  RunMessage,
  ShareReply,
  ShareRequest,
  TestMessage,
  TrainedNetwork,
  TrainingMessage,
  WorkerApi,
} from "./api.ts";
import { bufferOf } from "./rows.ts";
import type { ServedRun } from "./served-run.ts";

export class NetworkServer implements WorkerApi {
  #engine: Engine | undefined;
  #mark: Mark | undefined;
  #run: ServedRun | undefined;
  #test: HeldOutTest | undefined;
  #trainer: PoolTrainer | undefined;

  async start({ kernels, ...options }: StartMessage): Promise<void> {
    if (kernels) backendEntry(options.backend).adopt?.(kernels);
    // What it computes keeps no state to begin again from, so the engine has all kernels from the start.
    this.#engine = await createEngine({ ...options, rare: true });
  }

  async openRun(message: RunMessage): Promise<void> {
    const { ServedRun } = await import("./served-run.ts");
    this.#run = await ServedRun.open(message, () => this.#anew());
  }

  share(request: ShareRequest): Promise<ShareReply> {
    return this.#run!.share(request);
  }

  async openTest({ model, ...options }: TestMessage): Promise<void> {
    const { HeldOutTest } = await import("../../evaluate/held-out-test.ts");
    const { backend, arena } = this.#anew();
    this.#test = new HeldOutTest({ ...options, model: modelFromDescription(model) }, backend, arena);
  }

  accuracy(network: number, set: TrainedOn): Promise<number> {
    return this.#test!.accuracy(network, set);
  }

  confusion(network: number, set: TrainedOn): Promise<Confusion> {
    return this.#test!.confusion(network, set);
  }

  async openTraining({ model, ...config }: TrainingMessage): Promise<void> {
    const { PoolTrainer } = await import("../../evaluate/pool-trainer.ts");
    const { backend, arena } = this.#anew();
    this.#trainer = new PoolTrainer({ ...config, model: modelFromDescription(model) }, backend, arena);
  }

  async trainEpoch(network: number, epoch: number): Promise<number> {
    const trainer = this.#trainer!;
    if (epoch === 0) trainer.start([{ network, step: 0 }]);
    let sum = 0;
    for (let s = 0; s < trainer.stepsPerEpoch; s++) sum += (await trainer.step())[0]!;
    return sum / trainer.stepsPerEpoch;
  }

  async trained(): Promise<TrainedWeights> {
    const [result] = (await this.#trainer!.results()) as [TrainedWeights];
    // The last weights of a trajectory are those of the network.
    return transfer(result, (result.trajectory ?? [result.parameters]).map(bufferOf));
  }

  async train(network: number, epochs: number): Promise<TrainedNetwork> {
    const losses: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) losses.push(await this.trainEpoch(network, epoch));
    return { ...(await this.trained()), losses };
  }

  /** Returns the engine, after the memory of the last task was given back. */
  #anew(): Engine {
    const engine = this.#engine!;
    if (this.#mark) engine.arena.release(this.#mark);
    this.#mark = engine.arena.mark();
    return engine;
  }
}
