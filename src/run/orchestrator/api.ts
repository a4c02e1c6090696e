// What a page and its orchestrator say to each other, through comlink. Arguments are plain data; networks and runs are
// comlink proxies. Progress goes over a port of its own.
import type { ProxyMarked } from "comlink";
import type { Floats, Simd } from "../../backend/backend.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import type { BoundNetwork } from "../../engine/bound-network.ts";
import type { ModelDescription } from "../../nn/describe.ts";
import type { Loss } from "../../nn/loss.ts";
import type { StartMessage } from "../../workers/start-message.ts";
import type { CallName, ResultOf } from "../in-place/calls.ts";
import type { TrainedNetwork } from "../options/train-on.ts";

/** Options of a call as they cross: without engine, signal and functions, and a model as plain data. */
export type Crossing = { readonly model?: ModelDescription } & Readonly<Record<string, unknown>>;

/** What the page says through a call's port: go on to the next report, end after the step in hand, or the signal aborted. */
export type Control = "more" | "end" | "abort";

/** What the orchestrator says through it: progress, trained networks, and last of all that there will be no more. */
export type Report = { readonly progress: unknown } | { readonly network: unknown } | "end";

export interface Started {
  readonly threads: number;
  readonly simd: Simd | "none";
  /** What the engine does without. */
  readonly notices: readonly string[];
}

/** A run, there. */
export interface RunApi {
  /** Runs to the end, as far as reports are asked for. */
  drive(): Promise<DistilledSet>;
  snapshot(): DistilledSet;
}

/** A trained network, there. */
export interface TrainedApi {
  parameters(): Float32Array;
  predict(images: Floats): ReturnType<TrainedNetwork["predict"]>;
}

export type NetworkApi = Omit<BoundNetwork, "model">;

export interface OrchestratorApi {
  start(engine: StartMessage): Promise<Started>;
  /** comlink has a meaning of its own for `bind`. */
  network(model: ModelDescription, loss: Loss): Promise<NetworkApi & ProxyMarked>;
  distill(options: Crossing, port: MessagePort): RunApi & ProxyMarked;
  trainOn(set: DistilledSet, options: Crossing): Promise<TrainedApi & ProxyMarked>;
  call<Name extends CallName>(name: Name, options: Crossing, port: MessagePort): Promise<ResultOf<Name>>;
}
