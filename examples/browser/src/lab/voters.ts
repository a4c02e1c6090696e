// Networks that were trained on one set, each from initial weights of its own, and read pictures together: the chance of a class is the
// mean of what each of them gives.
import type { Dataset, DistilledSet, TrainedNetwork } from "distillate";
import { bestOf, chancesFor, chancesOn } from "./reading.ts";

/** The networks that vote if nothing else is said: five read clearly more than one, and ten hardly more than five. */
const VOTERS = 5;

/** Returns how many networks vote on a set. From known initial weights comes one network only, so there is nobody to vote with. */
export function votersOf({ recipe }: DistilledSet): number {
  const { kind = "random" } = (recipe.init ?? {}) as { readonly kind?: string };
  return kind === "random" ? VOTERS : 1;
}

interface Voter {
  /** Trains the network, with the same bits each time. */
  readonly train: () => Promise<TrainedNetwork>;
  /** Undefined after its engine has ended, and the network with it. */
  network: TrainedNetwork | undefined;
  /** What it gave for held-out images. */
  tested: { readonly test: Dataset; readonly chances: Float32Array } | undefined;
}

export class Voters {
  readonly set: DistilledSet;
  readonly #voters: Voter[] = [];

  constructor(set: DistilledSet) {
    this.set = set;
  }

  get count(): number {
    return this.#voters.length;
  }

  /** Trains one more network, and lets it vote. */
  async add(train: () => Promise<TrainedNetwork>): Promise<void> {
    this.#voters.push({ train, network: await train(), tested: undefined });
  }

  /** Says that the networks have ended with their engine. They are trained again when they are needed. */
  forget(): void {
    for (const voter of this.#voters) voter.network = undefined;
  }

  /** Returns how many of the held-out images all read right together. */
  async test(test: Dataset): Promise<number> {
    const sums = new Float32Array(test.count * this.set.classes);
    for (const voter of [...this.#voters]) {
      if (voter.tested?.test !== test) {
        voter.tested = { test, chances: await chancesOn(await ready(voter), this.set, test) };
      }
      const { chances } = voter.tested;
      for (let i = 0; i < sums.length; i++) sums[i]! += chances[i]!;
    }
    const { classes } = this.set;
    return test.labels.filter((label, i) => bestOf(sums.subarray(i * classes, (i + 1) * classes)) === label).length;
  }

  /** Returns the chance of each class for a picture [height, width, channels] of levels. */
  async chancesFor(levels: Uint8Array): Promise<Float32Array> {
    const each: Float32Array[] = [];
    for (const voter of [...this.#voters]) each.push(await chancesFor(await ready(voter), this.set, levels));
    return each[0]!.map((_, label) => each.reduce((sum, chances) => sum + chances[label]!, 0) / each.length);
  }
}

async function ready(voter: Voter): Promise<TrainedNetwork> {
  voter.network ??= await voter.train();
  return voter.network;
}
