// The networks of an outer step, wherever they run. The ones in this file run in place, those of run/networks/ on workers.
import { wrongKind } from "../checks/refusal.ts";
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

/** Records a network's share, in parts. Throws TypeError for a method of a user's own that cannot be waited for. */
export function recorded(network: NetworkRun, step: number, k: number): Parts {
  const parts = (network.record(step, k) ?? []) as Parts & Partial<PromiseLike<unknown>>;
  if (parts[Symbol.iterator]) return parts;
  // Nobody else would handle what it throws.
  parts.then?.(undefined, () => {});
  throw wrongKind("record", "nothing or a generator, as no async function returns", parts);
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
      yield* recorded(this.#network, step, k);
      add(k);
      yield;
    }
  }

  async dispose(): Promise<void> {}
}
