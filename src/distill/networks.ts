// The networks of an outer step, wherever they run. The ones in this file run in place, those of run/networks/ on workers.
import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { wrongKind } from "../checks/refusal.ts";
import type { AbortSignal } from "../host-types.ts";
import { atOnce, inParts, type Parts } from "../platform/parts.ts";
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
  return partsOf("record", network.record(step, k));
}

/** Returns the parts of what a function of a method gave, which has that name. Throws TypeError for a promise. */
export function partsOf(name: string, given: unknown): Parts {
  const parts = (given ?? []) as Parts & Partial<PromiseLike<unknown>>;
  if (parts[Symbol.iterator]) return parts;
  // Nobody else would handle what it throws.
  parts.then?.(undefined, () => {});
  throw wrongKind(name, "nothing or a generator, as no async function returns", parts);
}

/** Runs one network after the other, in the memory of the outer loop. */
class NetworksInPlace implements StepNetworks {
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

/** Runs networks side by side, each in memory of its own, as many at once as there are of them here. */
class NetworksTogether implements StepNetworks {
  readonly #networks: readonly NetworkRun[];
  readonly #count: number;
  readonly #backend: Backend;
  readonly #signal: AbortSignal | undefined;
  #added: NetworkRun;

  constructor(networks: readonly [NetworkRun, ...NetworkRun[]], count: number, backend: Backend, signal?: AbortSignal) {
    this.#networks = networks;
    this.#added = networks[0];
    this.#count = count;
    this.#backend = backend;
    this.#signal = signal;
  }

  get share(): Share {
    return this.#added.share;
  }

  run(step: number, add: AddShare): Promise<void> {
    return inParts(this.#parts(step, add), this.#signal);
  }

  *#parts(step: number, add: AddShare): Parts {
    for (let from = 0; from < this.#count; from += this.#networks.length) {
      const some = this.#networks.slice(0, this.#count - from);
      this.#backend.sideBySide(some.length, (i) => atOnce(recorded(some[i]!, step, from + i)));
      for (const [i, network] of some.entries()) {
        this.#added = network;
        add(from + i);
      }
      yield;
    }
  }

  async dispose(): Promise<void> {}
}

/** What is left to others of a memory that networks fill. */
const SPARE = 1 / 8;

/**
 * Allocates what computes the shares of `count` networks in place: one after the other, or side by side where the backend does
 * so, as many as its memory holds.
 */
export function networksInPlace(
  allocate: () => NetworkRun,
  count: number,
  backend: Backend,
  arena: Pick<Arena, "used">,
  signal?: AbortSignal,
): StepNetworks {
  const before = arena.used;
  const first = allocate();
  if (!backend.plan.networksTogether || count === 1) return new NetworksInPlace(first, count, signal);
  const more = fitting(count - 1, arena.used - before, backend, arena);
  return new NetworksTogether([first, ...Array.from({ length: more }, allocate)], count, backend, signal);
}

/** Returns how many of `wanted` networks of so many floats the memory has room for. */
export function fitting(
  wanted: number,
  floats: number,
  { most = Number.POSITIVE_INFINITY }: Pick<Backend, "most">,
  { used }: Pick<Arena, "used">,
): number {
  return Math.max(0, Math.min(wanted, Math.floor(((1 - SPARE) * most - used) / floats)));
}
