// The engine as users see it, wherever it runs: here, or in an orchestrator, a worker that is spoken to through comlink.
import type { Floats, Simd } from "../backend/backend.ts";
import type {
  Chance,
  Gradients,
  HessianVectorProduct,
  LabelledImages,
  MetaGradient,
  MetaGradientOptions,
} from "../engine/bound-network.ts";
import type { EngineOptions } from "../engine/engine.ts";
import { describeModel } from "../nn/describe.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { startMessage } from "../worker/client.ts";
import type { StartWorker } from "../worker/start.ts";
import { SupervisedWorker } from "../worker/supervised.ts";
import { abortable } from "./abortable.ts";
import type { OrchestratorApi, Started } from "./api.ts";
import { copied } from "./crossing.ts";

/** A call that can be given up. */
export interface Abortable {
  /**
   * Aborting rejects the call at once, with the signal's reason. What a worker has in hand for it is finished there all
   * the same, and thrown away; `engine.dispose()` stops it.
   */
  readonly signal?: AbortSignal;
}

/** A model on an engine. Results are Float32Array, or Float64Array on the reference backend. */
export interface BoundNetwork {
  readonly model: Model;
  /** Logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError naming the argument. */
  forward(input: { parameters: Floats; images: Floats } & Abortable): Promise<{ logits: Floats }>;
  /** The mean loss and all its first derivatives. Throws TypeError and RangeError naming the argument. */
  gradients(input: { parameters: Floats } & LabelledImages & Chance & Abortable): Promise<Gradients>;
  /**
   * Products of the Hessian of the mean loss with a vector v in weight space (docs/math.md §2). Throws TypeError and
   * RangeError naming the argument.
   */
  hessianVectorProduct(
    input: { parameters: Floats; vector: Floats } & LabelledImages & Chance & Abortable,
  ): Promise<HessianVectorProduct>;
  /**
   * The outer loss after training on `steps` for `epochs`, and its derivatives by everything that decided it
   * (docs/math.md §2). Throws TypeError and RangeError naming the argument.
   */
  metaGradient(options: MetaGradientOptions & Abortable): Promise<MetaGradient>;
}

/** Runs networks. Dispose it when done: `await using engine = await createEngine()`. */
export interface Engine extends AsyncDisposable {
  readonly backend: { readonly name: "wasm" | "reference" };
  /** Kernel threads in use. */
  readonly threads: number;
  /** Which SIMD instructions the kernels use; `none` on the reference backend. */
  readonly simd: Simd | "none";
  /**
   * A network of this model on this engine, with the loss that its gradients are of: "cross-entropy" (default) or
   * "mse".
   *
   * @throws RangeError for another loss.
   */
  bind(model: Model, options?: { loss?: Loss }): Promise<BoundNetwork>;
  /** Stops threads and workers and gives up the memory; calls that have no answer yet reject. */
  dispose(): Promise<void>;
}

/** An engine in an orchestrator. */
export class RemoteEngine implements Engine {
  readonly backend = { name: "wasm" } as const;
  readonly threads: number;
  readonly simd: Simd | "none";
  readonly notices: readonly string[];
  readonly worker: SupervisedWorker<OrchestratorApi>;

  private constructor(worker: SupervisedWorker<OrchestratorApi>, { threads, simd, notices }: Started) {
    this.worker = worker;
    this.threads = threads;
    this.simd = simd;
    this.notices = notices;
  }

  /** Throws WorkerError where no worker could start, and what `createEngine` throws there. */
  static async start(options: EngineOptions, start: StartWorker): Promise<RemoteEngine> {
    const message = await startMessage(options);
    const worker = new SupervisedWorker<OrchestratorApi>("the engine's worker", start);
    try {
      return new RemoteEngine(worker, await worker.call((api) => api.start(message)));
    } catch (error) {
      await worker.stop(error);
      throw error;
    }
  }

  async bind(model: Model, { loss = "cross-entropy" }: { loss?: Loss } = {}): Promise<BoundNetwork> {
    checkLoss("loss", loss);
    const network = await this.worker.call((api) => api.network(describeModel(model), loss));
    const there = <Input extends Abortable, Output>(call: (input: Input) => Promise<Output>) => {
      return ({ signal, ...input }: Input): Promise<Output> =>
        abortable(signal, () => this.worker.call(() => call(copied(input) as unknown as Input)));
    };
    return {
      model,
      forward: there((input) => network.forward(input)),
      gradients: there((input) => network.gradients(input)),
      hessianVectorProduct: there((input) => network.hessianVectorProduct(input)),
      metaGradient: there((input) => network.metaGradient(input)),
    };
  }

  async dispose(): Promise<void> {
    await this.worker.stop(new Error("this engine was disposed: create a new one"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
