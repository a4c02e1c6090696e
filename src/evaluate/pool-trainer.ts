// Trains networks on real images: Adam or SGD on batches, whose order is each network's own. A network is a function only of the config
// and its number, so it can be trained anywhere, and beside others.
// docs/math.md §4 describes this.
import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { fitting } from "../distill/networks.ts";
import type { PoolNetwork } from "../distill/weight-source.ts";
import type { AbortSignal } from "../host-types.ts";
import { atOnce, doneAtOnce, inParts, type Parts } from "../platform/parts.ts";
import { accuracyOf } from "./confusion.ts";
import { NetworkInTraining, type TrainingConfig, type TrainingState } from "./network-in-training.ts";

/** Networks that are trained together at most, since three times their weights are kept after each pass. */
const TOGETHER = 32;

/** A trained network. */
export type TrainedWeights = Omit<PoolNetwork, "network">;

export class PoolTrainer {
  /** Steps of one pass over the images. */
  readonly stepsPerEpoch: number;
  readonly #backend: Backend;
  readonly #places: readonly NetworkInTraining[];
  #training: readonly NetworkInTraining[] = [];
  #step = 0;

  /** Allocates room for one network, or where the backend computes networks together for up to `most`, as its memory allows. */
  constructor(config: TrainingConfig, backend: Backend, arena: Arena, most = 1) {
    this.stepsPerEpoch = Math.ceil(config.data.count / config.training.batch);
    this.#backend = backend;
    const before = arena.used;
    const first = new NetworkInTraining(config, backend, arena);
    const wanted = backend.plan.networksTogether ? Math.min(most, TOGETHER) - 1 : 0;
    const more = fitting(wanted, arena.used - before, backend, arena);
    const another = (): NetworkInTraining => new NetworkInTraining(config, backend, arena, first.testImages);
    this.#places = [first, ...Array.from({ length: more }, another)];
  }

  /** How many networks it trains together. */
  get most(): number {
    return this.#places.length;
  }

  /** Takes on networks, which have all taken as many steps. */
  start(states: readonly [TrainingState, ...TrainingState[]]): void {
    this.#step = states[0].step;
    this.#training = this.#places.slice(0, states.length);
    for (const [i, place] of this.#training.entries()) place.start(states[i]!);
  }

  /** Takes one step. Returns each network's loss before it. Throws DivergedError if one is not finite, and the signal's reason. */
  async step(signal?: AbortSignal): Promise<number[]> {
    const training = this.#training;
    // One at a time: a GPU has one buffer for what is read at once.
    if (this.#step % this.stepsPerEpoch === 0) for (const network of training) await network.keep();
    await inParts(this.#losses(), signal);
    const losses = await Promise.all(training.map((network) => network.checkedLoss()));
    const epoch = Math.floor(this.#step++ / this.stepsPerEpoch);
    if (training.length > 1) this.#backend.sideBySide(training.length, (i) => training[i]!.update(epoch));
    else training[0]!.update(epoch);
    return losses;
  }

  *#losses(): Parts {
    const training = this.#training;
    if (training.length > 1) this.#backend.sideBySide(training.length, (i) => atOnce(training[i]!.loss()));
    else yield* training[0]!.loss();
  }

  /** Returns what `start` takes to go on from here. */
  async states(): Promise<TrainingState[]> {
    const states: TrainingState[] = [];
    // One at a time: a GPU has one buffer for what is read at once.
    for (const network of this.#training) states.push(await network.state());
    return states;
  }

  /** Returns the trained networks, and their accuracies if there are test images. Throws DivergedError and the signal's reason. */
  async results(signal?: AbortSignal): Promise<TrainedWeights[]> {
    const training = this.#training;
    const weights: Float32Array[] = [];
    for (const network of training) weights.push(await network.parameters());
    const accuracies = await this.#accuracies(signal);
    return weights.map((parameters, i) => {
      const accuracy = accuracies[i];
      return { parameters, ...(accuracy !== undefined && { accuracy }), ...training[i]!.trajectory(parameters) };
    });
  }

  #accuracies(signal: AbortSignal | undefined): Promise<(number | undefined)[]> {
    const training = this.#training;
    if (training.length === 1) {
      return Promise.all([training[0]!.accuracy((images, theta) => images.accuracy(theta, signal))]);
    }
    const tested: Promise<number | undefined>[] = [];
    this.#backend.sideBySide(training.length, (i) => {
      tested.push(
        training[i]!.accuracy(async (images, theta) => accuracyOf((await doneAtOnce(images.confusions([theta])))[0]!)),
      );
    });
    return Promise.all(tested);
  }
}
