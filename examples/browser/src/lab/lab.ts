// The lab: engine, data and the current set, and the networks that are trained on it. It computes in the engine's worker, so that the
// page stays free. What a first visit does not need is in workshop.ts, which is loaded later.
import {
  type DatasetSplit,
  type DistilledSet,
  type Model,
  type ModelDescription,
  modelFromDescription,
  randomInit,
  type TrainedNetwork,
  trainOn,
  type WeightSource,
} from "distillate";
import type { Shown, Tested, Tiles, Trained } from "./api.ts";
import { Engines } from "./engines.ts";
import { heldOut, mixedOrder } from "./mixed.ts";
import { packagedDigits } from "./packaged-digits.ts";
import { schedule, shown, tilesOfData } from "./tiles.ts";
import { Voters, votersOf } from "./voters.ts";

/** If the first network took longer than this to train, no others are trained after it. */
const PATIENCE_MS = 2000;

/** Gives the images of a run as they are now. */
export interface Growing {
  snapshot(): Promise<DistilledSet>;
}

export class Lab {
  readonly engines = new Engines(() => this.#voters?.forget());
  #digits: Promise<DatasetSplit> | undefined;
  /** The user's own pictures. */
  own: DatasetSplit | undefined;
  #set: DistilledSet | undefined;
  /** The run in progress, once there are images to look at. */
  growing: Growing | undefined;
  /** The networks that were trained on the set, and read pictures. */
  #voters: Voters | undefined;
  #networks = 0;

  /** Starts the engine, or restarts it with another number of threads. */
  open(threads: number | "auto"): Promise<{ threads: number; notices: readonly string[] }> {
    return this.engines.open(threads);
  }

  /** Takes another set in the place of the one that there is. How it is shown is computed here if it is not known yet. */
  take(set: DistilledSet, asShown: Shown = shown(set)): Shown {
    this.#set = set;
    this.forgetNetworks();
    return asShown;
  }

  /** The set that was taken last, also during a run. */
  get set(): DistilledSet | undefined {
    return this.#set;
  }

  /** Gives up the networks that read pictures: they were trained on other images. */
  forgetNetworks(): void {
    this.#voters = undefined;
  }

  /** Trains a fresh network. It reads pictures alone, until others vote with it (`vote`). */
  train(): Promise<Trained> {
    return this.engines.supervise(() => this.#train());
  }

  async #train(): Promise<Trained> {
    const set = await this.current();
    const voters = new Voters(set);
    const startedAt = performance.now();
    await voters.add(this.#training(set));
    const milliseconds = performance.now() - startedAt;
    this.#voters = voters;
    const { gradientSteps } = schedule(set);
    return {
      ...{ milliseconds, gradientSteps },
      images: set.steps * set.imagesPerStep,
      weights: subject(set).model.parameterCount,
      voters: milliseconds > PATIENCE_MS ? 1 : votersOf(set),
    };
  }

  /** Returns how long a training on the set takes here for each image of each gradient step, in milliseconds, when all is warm. */
  pace(): Promise<number> {
    return this.engines.supervise(async () => {
      const set = await this.current();
      const train = this.#training(set);
      const startedAt = performance.now();
      await train();
      const { gradientSteps, imagesPerStep } = schedule(set);
      return (performance.now() - startedAt) / (gradientSteps * imagesPerStep);
    });
  }

  /** Returns what trains the next network on the set, each time with the same bits. */
  #training(set: DistilledSet): () => Promise<TrainedNetwork> {
    const seed = ++this.#networks;
    const { model, init } = subject(set);
    return () => trainOn(set, { model, init, seed, engine: this.engines.kernels() });
  }

  /**
   * Trains more networks on the images of the last `train`, one after the other, until `voters` read pictures together, and returns
   * how many do. Pictures are read between two of them. It ends early if there are other images or a new first network.
   */
  async vote(voters: number): Promise<number> {
    const together = this.#voters;
    while (together && together === this.#voters && together.count < voters) {
      await this.engines.supervise(() => together.add(this.#training(together.set)));
    }
    return this.#voters?.count ?? 0;
  }

  /** Tests the networks that read together on held-out images; undefined if there are none that fit, or no network. */
  test(): Promise<Tested | undefined> {
    return this.engines.supervise(async () => {
      const voters = this.#voters;
      const test = voters && (await this.fitting(voters.set))?.test;
      if (!voters || !test || test.count === 0) return undefined;
      const networks = voters.count;
      return { right: await voters.test(test), heldOut: test.count, networks };
    });
  }

  /** Returns the chance of each class for a picture [height, width, channels] of levels. */
  classify(levels: Uint8Array): Promise<Float32Array> {
    return this.engines.supervise(async () => {
      if (!this.#voters) throw new Error("There is no network yet. Train one first.");
      return this.#voters.chancesFor(levels);
    });
  }

  /**
   * Returns `count` held-out pictures that fit the set, of different classes as far as there are any, and other ones for each
   * `page`; undefined if the data do not fit.
   */
  async samples(count: number, page: number): Promise<Tiles | undefined> {
    const test = (await this.fitting(await this.current()))?.test;
    if (!test || test.count === 0) return undefined;
    const order = mixedOrder(test.labels);
    const some = Array.from({ length: Math.min(count, test.count) }, (_, i) => order[(page * count + i) % test.count]!);
    return tilesOfData(test, some);
  }

  /** Returns the set; during a run, its current state. */
  async current(): Promise<DistilledSet> {
    const set = this.growing ? await this.growing.snapshot() : this.#set;
    if (!set) throw new Error("there are no distilled images yet");
    return set;
  }

  /** Returns the digits of the page, which are loaded when they are first wanted. */
  digits(): Promise<DatasetSplit> {
    this.#digits ??= packagedDigits().catch((error) => {
      this.#digits = undefined;
      throw error;
    });
    return this.#digits;
  }

  /** Returns the data that a set was made from, or could be: data of the same shape and the same name. */
  async fitting(set: DistilledSet): Promise<DatasetSplit | undefined> {
    const { name, count } = (set.recipe.data ?? {}) as { name?: string; count?: number };
    const fits = ({ train }: DatasetSplit): boolean =>
      (name === undefined || train.name === name) &&
      [set.channels, set.height, set.width, set.classes].join() ===
        [train.channels, train.height, train.width, train.classes].join();
    // A visitor's own folder may be called digits too.
    const own = this.own && (name !== "digits" || count === this.own.train.count) ? this.own : undefined;
    const data = own && fits(own) ? own : name === "digits" ? await this.digits() : undefined;
    return data && fits(data) ? { ...data, test: heldOut(data.test) } : undefined;
  }
}

/** Returns the network that a set is for, by its recipe. */
export function subject({ recipe }: DistilledSet): { model: Model; init: WeightSource } {
  if (!recipe.model) throw new Error("the file does not say which network its images are for");
  const model = modelFromDescription(recipe.model as ModelDescription);
  return { model, init: (recipe.init as WeightSource | undefined) ?? randomInit() };
}
