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

export class Voters {
  readonly set: DistilledSet;
  readonly #test: Dataset | undefined;
  readonly #networks: TrainedNetwork[] = [];
  /** [test images, classes], the sums of the chances that the networks give. */
  #sums: Float32Array | undefined;

  /** @param test The held-out images on which accuracies are measured, if there are any that fit. */
  constructor(set: DistilledSet, test: Dataset | undefined) {
    this.set = set;
    this.#test = test && test.count > 0 ? test : undefined;
  }

  get count(): number {
    return this.#networks.length;
  }

  /** Lets one more network vote. Returns the share of the held-out images that all read right together. */
  async add(network: TrainedNetwork): Promise<number | undefined> {
    this.#networks.push(network);
    const test = this.#test;
    if (!test) return undefined;
    const chances = await chancesOn(network, this.set, test);
    const sums = this.#sums ?? new Float32Array(chances.length);
    this.#sums = sums.map((sum, i) => sum + chances[i]!);
    const { count, labels } = test;
    const classes = chances.length / count;
    const right = labels.filter((label, i) => {
      return bestOf(this.#sums!.subarray(i * classes, (i + 1) * classes)) === label;
    });
    return right.length / count;
  }

  /** Returns the chance of each class for a picture [height, width, channels] of levels. */
  async chancesFor(levels: Uint8Array): Promise<Float32Array> {
    const each = await Promise.all(this.#networks.map((network) => chancesFor(network, this.set, levels)));
    return each[0]!.map((_, label) => each.reduce((sum, chances) => sum + chances[label]!, 0) / each.length);
  }
}
