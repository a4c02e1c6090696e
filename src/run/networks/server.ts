// The worker's side: an engine of its own, and the networks that it is asked to compute on it.

import { transfer } from "comlink";
import type { Mark } from "../../backend/arena.ts";
import { computing } from "../../distill/computing.ts";
import { withDecoder } from "../../distill/decoders/decoded-method.ts";
import { methodContext } from "../../distill/method.ts";
import { methodOf } from "../../distill/methods/methods.ts";
import { importMethod } from "../../distill/methods/own.ts";
import { recorded } from "../../distill/networks.ts";
import { bringUpToDate } from "../../distill/outer-loop.ts";
import { withSlices } from "../../distill/slices.ts";
import { readTensor, writeTensor } from "../../distill/tensor-rows.ts";
import { backendEntry } from "../../engine/backends.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import type { Confusion } from "../../evaluate/confusion.ts";
import type { TrainedOn } from "../../evaluate/fit-trainer.ts";
import { HeldOutTest } from "../../evaluate/held-out-test.ts";
import { PoolTrainer, type TrainedWeights } from "../../evaluate/pool-trainer.ts";
import { allIn } from "../../inner/allocators.ts";
import { modelFromDescription } from "../../nn/describe.ts";
import { inParts } from "../../platform/parts.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import { allocateServed, type Served } from "./allocate.ts";
import type {
  RunMessage,
  ShareReply,
  ShareRequest,
  TestMessage,
  TrainedNetwork,
  TrainingMessage,
  WorkerApi,
} from "./api.ts";
import { bufferOf, gradientOf } from "./networks.ts";

export class NetworkServer implements WorkerApi {
  #engine: Engine | undefined;
  #mark: Mark | undefined;
  #run: Served | undefined;
  #test: HeldOutTest | undefined;
  #trainer: PoolTrainer | undefined;

  async start({ kernels, ...options }: StartMessage): Promise<void> {
    if (kernels) backendEntry(options.backend).adopt?.(kernels);
    this.#engine = await createEngine(options);
  }

  async openRun({ model, ...rest }: RunMessage): Promise<void> {
    const problem = { ...rest, model: modelFromDescription(model) };
    const given = rest.module === undefined ? methodOf(rest.method) : await importMethod(rest.method, rest.module);
    const method = withSlices(withDecoder(given, rest.images), problem);
    const { backend, arena } = this.#anew();
    const options = (rest.decoded ?? rest.method) as never;
    const context = methodContext({ options, problem, backend, memory: allIn(arena) }, computing);
    const served = allocateServed(method, context);
    served.run.start(served.staging);
    this.#run = served;
  }

  async share({ step, k, values, gradients: room }: ShareRequest): Promise<ShareReply> {
    const { backend } = this.#engine!;
    const { run, network, staging } = this.#run!;
    for (const tensor of [...run.learned, ...run.carried]) {
      writeTensor(backend, tensor, values.get(tensor.name)!, staging);
    }
    bringUpToDate(run, backend);
    await inParts(recorded(network, step, k));
    const { share } = network;
    const loss = backend.read(share.loss, 1);
    const rows = run.learned.map((tensor, i) => {
      return readTensor(backend, gradientOf(tensor, share, i), staging, room?.get(tensor.name));
    });
    const read = await Promise.all(rows);
    const gradients = new Map(run.learned.map(({ name }, i) => [name, read[i]!]));
    return transfer({ loss: (await loss)[0]!, gradients }, room ? [] : read.map(bufferOf));
  }

  openTest({ model, ...options }: TestMessage): void {
    const { backend, arena } = this.#anew();
    this.#test = new HeldOutTest({ ...options, model: modelFromDescription(model) }, backend, arena);
  }

  accuracy(network: number, set: TrainedOn): Promise<number> {
    return this.#test!.accuracy(network, set);
  }

  confusion(network: number, set: TrainedOn): Promise<Confusion> {
    return this.#test!.confusion(network, set);
  }

  openTraining({ model, ...config }: TrainingMessage): void {
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
