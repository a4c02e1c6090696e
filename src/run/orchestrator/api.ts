// The messages between a page and its orchestrator, through comlink. Arguments are plain data; networks and runs are
// comlink proxies. Progress goes over a port of its own.
import type { ProxyMarked } from "comlink";
import type { Simd } from "../../backend/backend.ts";
import type { Floats } from "../../backend/buffer.ts";
import type { Gpu } from "../../backend/gpu.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { RunState } from "../../distill/run-state.ts";
import type { BoundNetwork } from "../../engine/bound-network.ts";
import type { ModelDescription } from "../../nn/describe.ts";
import type { Loss } from "../../nn/loss.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import type { CallName, ResultOf } from "../in-place/calls.ts";
import type { TrainedNetwork } from "../options/train-on.ts";

/** The options of a call in the form in which they are sent: without engine, signal and functions, and models as plain data. */
export type Crossing = {
  readonly model?: ModelDescription;
  readonly architectures?: Readonly<Record<string, ModelDescription>>;
} & Readonly<Record<string, unknown>>;

/** A message of the page through a call's port: send the next progress, end after the current step, or the signal aborted. */
export type Control = "more" | "end" | "abort";

/**
 * A message of the orchestrator through that port: progress, a trained network, what the engine now does without, or at last
 * that no more will come.
 */
export type ProgressMessage =
  | { readonly progress: unknown }
  | { readonly network: unknown }
  | { readonly notice: string }
  | "end";

/** What computes. It is another one after a call that lost its GPU. */
export interface Computing {
  readonly backend: { readonly name: string };
  readonly gpu: Gpu | undefined;
  /** Messages about what the engine does without, which nobody has heard yet. */
  readonly notices: readonly string[];
}

export interface Started extends Computing {
  readonly threads: number;
  readonly simd: Simd | "none";
}

/** A run in the orchestrator. */
export interface RunApi {
  /** Runs to the end, as long as progress is asked for. */
  drive(): Promise<DistilledSet>;
  snapshot(): Promise<DistilledSet>;
  state(): Promise<RunState>;
}

/** A trained network in the orchestrator. */
export interface TrainedApi {
  parameters(): Float32Array;
  predict(images: Floats): ReturnType<TrainedNetwork["predict"]>;
}

export type NetworkApi = Omit<BoundNetwork, "model">;

export interface OrchestratorApi {
  start(engine: StartMessage): Promise<Started>;
  computing(): Computing;
  /** The method is not called `bind`, which has a meaning in comlink. */
  network(model: ModelDescription, loss: Loss): Promise<NetworkApi & ProxyMarked>;
  distill(options: Crossing, port: MessagePort): Promise<RunApi & ProxyMarked>;
  trainOn(set: DistilledSet, options: Crossing): Promise<TrainedApi & ProxyMarked>;
  call<Name extends CallName>(name: Name, options: Crossing, port: MessagePort): Promise<ResultOf<Name>>;
}
