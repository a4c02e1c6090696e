// The networks of an outer step, wherever they run. The ones in this file run in place, those of run/networks/ on workers.
import type { AbortSignal } from "../host-types.ts";
import { inParts, type Parts } from "../platform/parts.ts";
import type { NetworkRun, Share } from "./method.ts";

/** Adds the share of network `k`, which lies in `share` until this returns. */
export type AddShare = (k: number) => void;

export interface StepNetworks {
  /** The place of one network's share while it is added. Between two outer steps this room is free. */
  readonly share: Share;
  /** Computes the shares of all networks of outer step `step` and gives them to `add`, in the order of their numbers. */
  run(step: number, add: AddShare): Promise<void>;
  /** Stops what computes the shares. */
  dispose(): Promise<void>;
}

/** Runs one network after the other, in the memory of the outer loop. */
export class NetworksInPlace implements StepNetworks {
  readonly #network: NetworkRun;
  readonly #count: number;
  readonly #signal: AbortSignal | undefined;

  constructor(network: NetworkRun, networksPerStep: number, signal?: AbortSignal) {
    this.#network = network;
    this.#count = networksPerStep;
    this.#signal = signal;
  }

  get share(): Share {
    return this.#network.share;
  }

  run(step: number, add: AddShare): Promise<void> {
    return inParts(this.#parts(step, add), this.#signal);
  }

  *#parts(step: number, add: AddShare): Parts {
    for (let k = 0; k < this.#count; k++) {
      yield* this.#network.record(step, k) ?? [];
      add(k);
      yield;
    }
  }

  async dispose(): Promise<void> {}
}
