// The orchestrator's side: one engine, on which the calls of the library run in place.
import { type ProxyMarked, proxy } from "comlink";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { RunState } from "../../distill/run-state.ts";
import { backendEntry } from "../../engine/backends.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { type ModelDescription, modelFromDescription } from "../../nn/describe.ts";
import type { Loss } from "../../nn/loss.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import { type CallName, loadCall, type OptionsOf, type ResultOf } from "../in-place/calls.ts";
import type { DistillOptions, Run } from "../in-place/distill.ts";
import type { TrainOnOptions } from "../options/train-on.ts";
import type { Computing, Crossing, NetworkApi, OrchestratorApi, RunApi, Started, TrainedApi } from "./api.ts";
import { arrivedMethod, type CrossedMethod, moved } from "./crossing.ts";
import { ProgressPort } from "./progress-port.ts";

export class OrchestratorServer implements OrchestratorApi {
  #engine: Engine | undefined;
  /** Hears what the engine does without: first what its start is answered with, then the calls that run. */
  readonly #listeners = new Set<(notice: string) => void>();
  /** What nobody heard, because a network was asked and not a call. */
  #untold: string[] = [];

  async start({ kernels, ...options }: StartMessage): Promise<Started> {
    if (kernels) backendEntry(options.backend).adopt?.(kernels);
    const notices: string[] = [];
    const hear = (notice: string): void => void notices.push(notice);
    this.#listeners.add(hear);
    const onNotice = (notice: string): void => {
      if (this.#listeners.size === 0) this.#untold.push(notice);
      for (const listener of this.#listeners) listener(notice);
    };
    this.#engine = await createEngine({ ...options, onNotice });
    this.#listeners.delete(hear);
    const { threads, simd } = this.#engine;
    return { ...this.computing(), threads, simd, notices };
  }

  computing(): Computing {
    const { backend, gpu } = this.#engine!;
    const notices = this.#untold;
    this.#untold = [];
    return { backend: { name: backend.name }, gpu, notices };
  }

  async network(model: ModelDescription, loss: Loss): Promise<NetworkApi & ProxyMarked> {
    const network = await this.#engine!.bind(modelFromDescription(model), { loss });
    return proxy({
      forward: async (input) => moved(await network.forward(input)),
      gradients: async (input) => moved(await network.gradients(input)),
      hessianVectorProduct: async (input) => moved(await network.hessianVectorProduct(input)),
      hessianVectorProducts: async (input) => moved(await network.hessianVectorProducts(input)),
      features: async (input) => moved(await network.features(input)),
      featureGradients: async (input) => moved(await network.featureGradients(input)),
      metaGradient: async (input) => moved(await network.metaGradient(input)),
    } satisfies NetworkApi);
  }

  async distill(options: Crossing, port: MessagePort): Promise<RunApi & ProxyMarked> {
    const here = this.#here<DistillOptions & { readonly method: CrossedMethod }>(options);
    const messages = new ProgressPort(port, this.#listeners);
    const { Run } = await import("../in-place/distill.ts");
    const run = new Run({ ...here, method: await arrivedMethod(here.method), signal: messages.signal });
    return proxy(new RunServer(run, messages));
  }

  async trainOn(set: DistilledSet, options: Crossing): Promise<TrainedApi & ProxyMarked> {
    const { trainOn } = await import("../in-place/train-on.ts");
    const network = await trainOn(set, this.#here<TrainOnOptions>(options));
    return proxy({
      parameters: () => moved(network.parameters.slice()),
      predict: async (images) => moved(await network.predict(images)),
    } satisfies TrainedApi);
  }

  async call<Name extends CallName>(name: Name, options: Crossing, port: MessagePort): Promise<ResultOf<Name>> {
    const messages = new ProgressPort(port, this.#listeners);
    const watch = {
      signal: messages.signal,
      onProgress: (progress: unknown) => messages.offer(progress),
      onNetwork: (network: unknown) => messages.send({ network }),
    };
    const here = this.#here<OptionsOf<Name> & { readonly method?: CrossedMethod }>(options);
    try {
      const call = await loadCall(name);
      const method = here.method && { method: await arrivedMethod(here.method) };
      return moved(await call({ ...here, ...method, ...watch }));
    } finally {
      messages.end();
    }
  }

  /** Restores options that were sent, with this side's engine. */
  #here<T>({ model, architectures, ...options }: Crossing): T {
    const others = Object.entries(architectures ?? {}).map(([name, other]) => [name, modelFromDescription(other)]);
    return {
      ...options,
      ...(model && { model: modelFromDescription(model) }),
      ...(architectures && { architectures: Object.fromEntries(others) }),
      engine: this.#engine!,
    } as T;
  }
}

/** A run that goes on by itself, at most one progress message ahead of its reader. */
class RunServer implements RunApi {
  readonly #run: Run;
  readonly #port: ProgressPort;

  constructor(run: Run, port: ProgressPort) {
    this.#run = run;
    this.#port = port;
  }

  async drive(): Promise<DistilledSet> {
    const port = this.#port;
    try {
      for await (const progress of this.#run) {
        port.offer(progress);
        await port.asked();
        if (port.ended) break;
      }
      return await this.#run.result();
    } finally {
      port.end();
    }
  }

  /** Copied, as the result is: of a run that has just ended both are the same arrays. */
  snapshot(): Promise<DistilledSet> {
    return this.#run.snapshot();
  }

  state(): Promise<RunState> {
    return this.#run.state();
  }
}
