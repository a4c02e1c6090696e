// An engine in an orchestrator, a worker to which comlink speaks.
import type { Simd } from "../../backend/backend.ts";
import type { Gpu } from "../../backend/gpu.ts";
import { checkOptions } from "../../checks/options.ts";
import type { EngineOptions } from "../../engine/engine.ts";
import { inputChecks } from "../../engine/input-checks.ts";
import { type BindOptions, bindChecks, type OnNotice } from "../../engine/options.ts";
import { describeModel } from "../../nn/describe.ts";
import type { Model } from "../../nn/model.ts";
import type { StartWorker } from "../../workers/start.ts";
import { startMessage } from "../../workers/start-message.ts";
import { SupervisedWorker } from "../../workers/supervised.ts";
import { abortable } from "./abortable.ts";
import type { NetworkApi, OrchestratorApi, Started } from "./api.ts";
import { copied } from "./crossing.ts";
import type { Abortable, BoundNetwork, Engine } from "./interfaces.ts";

/** An engine in an orchestrator. */
export class RemoteEngine implements Engine {
  readonly backend: { readonly name: string };
  readonly gpu: Gpu | undefined;
  readonly threads: number;
  readonly simd: Simd | "none";
  readonly notices: readonly string[];
  readonly worker: SupervisedWorker<OrchestratorApi>;
  readonly #onNotice: OnNotice;

  private constructor(
    worker: SupervisedWorker<OrchestratorApi>,
    { backend, gpu, threads, simd, notices }: Started,
    onNotice: OnNotice,
  ) {
    this.backend = backend;
    this.gpu = gpu;
    this.worker = worker;
    this.threads = threads;
    this.simd = simd;
    this.notices = notices;
    this.#onNotice = onNotice;
  }

  /** Who hears what an engine does without later, such as a GPU that was lost. */
  static listener(engine: RemoteEngine): OnNotice {
    return engine.#onNotice;
  }

  /** Throws WorkerError when no worker could start, and what `createEngine` throws there. */
  static async start(
    options: EngineOptions & { readonly realGpu?: boolean },
    start: StartWorker,
    onNotice: OnNotice,
  ): Promise<RemoteEngine> {
    // It starts while the kernels are compiled.
    const worker = new SupervisedWorker<OrchestratorApi>("the engine's worker", start);
    try {
      const message = await startMessage(options);
      return new RemoteEngine(worker, await worker.call((api) => api.start(message)), onNotice);
    } catch (error) {
      await worker.stop(error);
      throw error;
    }
  }

  async bind(model: Model, options: BindOptions = {}): Promise<BoundNetwork> {
    const description = describeModel(model);
    checkOptions(options, bindChecks);
    const network = await this.worker.call((api) => api.network(description, options.loss ?? "cross-entropy"));
    const there = (name: keyof NetworkApi) => async (input: Abortable) => {
      checkOptions(input, inputChecks, "input");
      const { signal, ...rest } = input;
      const call = network[name] as unknown as (input: unknown) => Promise<never>;
      const given = copied(rest);
      return abortable(signal, () => this.worker.call(() => call(given)).finally(() => lookAgain(this)));
    };
    return {
      model,
      forward: there("forward"),
      gradients: there("gradients"),
      hessianVectorProduct: there("hessianVectorProduct"),
      hessianVectorProducts: there("hessianVectorProducts"),
      features: there("features"),
      featureGradients: there("featureGradients"),
      metaGradient: there("metaGradient"),
    };
  }

  async dispose(): Promise<void> {
    await this.worker.stop(new Error("this engine was disposed: create a new one"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/**
 * Asks an engine what computes now, after a call that may have lost the GPU, and tells what nobody has heard. One whose worker
 * died stays what it was.
 */
export async function lookAgain(engine: RemoteEngine): Promise<void> {
  if (!engine.gpu) return;
  const now = await engine.worker.call((api) => api.computing()).catch(() => undefined);
  if (!now) return;
  const { notices, ...computing } = now;
  Object.assign(engine, computing);
  for (const notice of notices) RemoteEngine.listener(engine)(notice);
}
