// The lab: engine, data and the current set. It computes in the engine's worker, so that the page stays free.
import {
  contactSheet,
  type DatasetSplit,
  type Distillation,
  type DistilledSet,
  distill,
  distilledFromBytes,
  distilledToNpz,
  distilledToSafetensors,
  evaluate,
  growthAnimation,
  type Model,
  type ModelDescription,
  modelFromDescription,
  type PackedBits,
  packSet,
  type RunState,
  randomInit,
  setDigest,
  type TrainedNetwork,
  trainOn,
  unpackSet,
  type WeightSource,
} from "distillate";
import type {
  Compared,
  DataInfo,
  FileKind,
  Frame,
  Moment,
  News,
  PackingCost,
  Processor,
  Settings,
  Shown,
  Tested,
  Tiles,
  Trained,
} from "./api.ts";
import { compare } from "./compare.ts";
import { Engines } from "./engines.ts";
import { heldOut, mixedOrder } from "./mixed.ts";
import { optionsOf } from "./options.ts";
import { type Chosen, info, packagedDigits, picturesFrom } from "./pictures.ts";
import { stepsPerSecond } from "./rates.ts";
import { Run } from "./run.ts";
import { schedule, shown, tilesOfData, tilesOfSet } from "./tiles.ts";
import { Voters, votersOf } from "./voters.ts";

/** If the first network took longer than this to train, no others are trained after it. */
const PATIENCE_MS = 2000;

export class Lab {
  readonly #engines = new Engines(() => this.#voters?.forget());
  /** Ends the current measurement. */
  #measuring: AbortController | undefined;
  #digits: Promise<DatasetSplit> | undefined;
  #own: DatasetSplit | undefined;
  /** Ends the current reading of files. */
  #reading: AbortController | undefined;
  #set: DistilledSet | undefined;
  #run: Run | undefined;
  /** The set as it grew, if it was made here. */
  #grown: readonly DistilledSet[] = [];
  /** The last run, after its end. */
  #ended: Distillation | undefined;
  /** The networks that were trained on the set, and read pictures. */
  #voters: Voters | undefined;
  #networks = 0;
  /** Sets whether a GPU may be one that is simulated on the processor, which is for tests. */
  set simulatedGpu(may: boolean) {
    this.#engines.simulatedGpu = may;
  }

  /** Sets what is called with what goes wrong with the GPU in a run, which goes on all the same. */
  set onNotice(listener: (notice: string) => void) {
    this.#engines.onNotice = listener;
  }

  /** Starts the engine, or restarts it with another number of threads. */
  open(threads: number | "auto"): Promise<{ threads: number; notices: readonly string[] }> {
    return this.#engines.open(threads);
  }

  async digits(): Promise<DataInfo> {
    return info(await this.#packaged());
  }

  /** Reads pictures of the user; none of them leaves the page. An earlier reading is given up. */
  async own(files: Chosen, name: string, onProgress: (done: number, total: number) => void): Promise<DataInfo> {
    this.stopReading();
    this.#reading = new AbortController();
    const { split, notes } = await picturesFrom(files, name, onProgress, this.#reading.signal);
    this.#own = split;
    return info(split, notes);
  }

  /** Gives up the reading of files, if any are being read. */
  stopReading(): void {
    this.#reading?.abort();
    this.#reading = undefined;
  }

  async load(bytes: Uint8Array, name: string): Promise<Shown> {
    this.#set = await distilledFromBytes(bytes, name);
    this.#grown = [];
    this.#voters = undefined;
    return shown(this.#set);
  }

  /** Takes the set of a link. */
  unpack(text: string): Shown {
    this.#set = unpackSet(text);
    this.#grown = [];
    this.#voters = undefined;
    return shown(this.#set);
  }

  /** Returns the text of a link that holds the set. */
  async pack(bits: PackedBits): Promise<string> {
    return packSet(await this.#current(), { bits });
  }

  /** Measures what was packed as `text` and now is the set; undefined if there are no held-out images that fit. */
  packingCost(text: string): Promise<PackingCost | undefined> {
    return this.#engines.supervise(() => this.#packingCost(text));
  }

  async #packingCost(text: string): Promise<PackingCost | undefined> {
    const set = await this.#current();
    const test = (await this.#fitting(set))?.test;
    if (!test || test.count === 0) return undefined;
    // A training by a protocol takes seconds.
    const how = { ...subject(set), networks: set.training ? 2 : 5, test, engine: this.#engines.kernels() };
    const before = await evaluate({ ...how, set });
    const after = await evaluate({ ...how, set: unpackSet(text) });
    return { before: before.mean, after: after.mean, networks: before.networks };
  }

  /**
   * Runs to the end, or until `stop()`, from the start or from the state of an earlier run. Throws ReplacedError when what
   * computes has stopped on the way.
   */
  run(settings: Settings, tell: (news: News) => void, resume?: RunState): Promise<Shown> {
    let told = false;
    const listen = (news: News): void => {
      told = true;
      tell(news);
    };
    return this.#engines.supervise(
      () => this.#runOnce(settings, listen, resume),
      () => !told,
    );
  }

  async #runOnce(settings: Settings, tell: (news: News) => void, resume?: RunState): Promise<Shown> {
    this.stopMeasuring();
    const data = await this.#data(settings.data);
    const options = optionsOf(settings, data);
    const { model, init } = options;
    const engine = settings.on === "webgpu" ? await this.#engines.gpuOrKernels() : this.#engines.kernels();
    const distillation = distill({ ...options, engine, resume });
    this.#run = new Run(distillation, {
      engine: this.#engines.kernels(),
      model,
      init,
      data,
      seed: settings.seed,
      tell,
    });
    this.#voters = undefined;
    this.#ended = undefined;
    this.#grown = [];
    try {
      await this.#run.follow();
      this.#set = await distillation.result();
      this.#grown = this.#run.grown;
      this.#ended = distillation;
    } finally {
      this.#run = undefined;
    }
    return shown(this.#set);
  }

  /** Measures a run on both, one after the other, and calls `tell` with the outer steps per second of each. */
  measure(settings: Settings, tell: (on: Processor, stepsPerSecond: number) => void): Promise<void> {
    return this.#engines.supervise(() => this.#measure(settings, tell));
  }

  async #measure(settings: Settings, tell: (on: Processor, stepsPerSecond: number) => void): Promise<void> {
    this.stopMeasuring();
    this.#measuring = new AbortController();
    const { signal } = this.#measuring;
    const options = optionsOf(settings, await this.#data(settings.data));
    // More than can be counted: the measurement ends the run.
    const outer = { ...options.outer, steps: 1e6 };
    for (const on of ["wasm", "webgpu"] as const) {
      const engine = on === "wasm" ? this.#engines.kernels() : await this.#engines.gpu();
      tell(on, await stepsPerSecond(distill({ ...options, outer, engine, signal }), signal));
    }
  }

  stopMeasuring(): void {
    this.#measuring?.abort();
    this.#measuring = undefined;
  }

  /** Returns what the run in progress, or else the last one, has come to; undefined before its first step. */
  async moment(): Promise<Moment | undefined> {
    const distillation = this.#run?.begun ? this.#run.distillation : this.#run ? undefined : this.#ended;
    if (!distillation) return undefined;
    return { state: await distillation.state(), set: distilledToSafetensors(await distillation.snapshot()) };
  }

  pause(): void {
    this.#run?.pause();
  }

  resume(): void {
    this.#run?.resume();
  }

  stop(): void {
    this.#run?.stop();
  }

  /** Trains a fresh network. It reads pictures alone, until others vote with it (`vote`). */
  train(): Promise<Trained> {
    return this.#engines.supervise(() => this.#train());
  }

  async #train(): Promise<Trained> {
    const set = await this.#current();
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
    return this.#engines.supervise(async () => {
      const set = await this.#current();
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
    return () => trainOn(set, { model, init, seed, engine: this.#engines.kernels() });
  }

  /**
   * Trains more networks on the images of the last `train`, one after the other, until `voters` read pictures together, and returns
   * how many do. Pictures are read between two of them. It ends early if there are other images or a new first network.
   */
  async vote(voters: number): Promise<number> {
    const together = this.#voters;
    while (together && together === this.#voters && together.count < voters) {
      await this.#engines.supervise(() => together.add(this.#training(together.set)));
    }
    return this.#voters?.count ?? 0;
  }

  /** Tests the networks that read together on held-out images; undefined if there are none that fit, or no network. */
  test(): Promise<Tested | undefined> {
    return this.#engines.supervise(async () => {
      const voters = this.#voters;
      const test = voters && (await this.#fitting(voters.set))?.test;
      if (!voters || !test || test.count === 0) return undefined;
      const networks = voters.count;
      return { right: await voters.test(test), heldOut: test.count, networks };
    });
  }

  /** Returns the chance of each class for a picture [height, width, channels] of levels. */
  classify(levels: Uint8Array): Promise<Float32Array> {
    return this.#engines.supervise(async () => {
      if (!this.#voters) throw new Error("There is no network yet. Train one first.");
      return this.#voters.chancesFor(levels);
    });
  }

  /**
   * Returns `count` held-out pictures that fit the set, of different classes as far as there are any, and other ones for each
   * `page`; undefined if the data do not fit.
   */
  async samples(count: number, page: number): Promise<Tiles | undefined> {
    const test = (await this.#fitting(await this.#current()))?.test;
    if (!test || test.count === 0) return undefined;
    const order = mixedOrder(test.labels);
    const some = Array.from({ length: Math.min(count, test.count) }, (_, i) => order[(page * count + i) % test.count]!);
    return tilesOfData(test, some);
  }

  compare(tell: (line: Compared) => void): Promise<void> {
    return this.#engines.supervise(() => this.#compare(tell));
  }

  async #compare(tell: (line: Compared) => void): Promise<void> {
    const set = await this.#current();
    const data = await this.#fitting(set);
    if (!data) throw new Error("choose the data that these images were made from: there is nothing to compare with");
    await compare({ set, data, ...subject(set), engine: this.#engines.kernels() }, tell);
  }

  /** The images as they formed; none if the set was not made here. */
  frames(): readonly Frame[] {
    return this.#grown.map((set) => ({ step: Number(set.recipe.outerSteps ?? 0), tiles: tilesOfSet(set) }));
  }

  /** Returns the digest of the set. */
  async digest(): Promise<string> {
    return setDigest(await this.#current());
  }

  /** Whether there is an animation of how the set grew. */
  get hasGrown(): boolean {
    return this.#grown.length > 1;
  }

  async file(kind: FileKind): Promise<Uint8Array> {
    const set = await this.#current();
    if (kind === "safetensors") return distilledToSafetensors(set);
    if (kind === "npz") return distilledToNpz(set);
    if (kind === "png") return contactSheet(set);
    if (kind === "growth.png") return growthAnimation(this.#grown);
    return new TextEncoder().encode(`${JSON.stringify(set.recipe, null, 2)}\n`);
  }

  /** Returns the set; during a run, its current state. */
  async #current(): Promise<DistilledSet> {
    const set = this.#run?.begun ? await this.#run.distillation.snapshot() : this.#set;
    if (!set) throw new Error("there are no distilled images yet");
    return set;
  }

  #packaged(): Promise<DatasetSplit> {
    this.#digits ??= packagedDigits().catch((error) => {
      this.#digits = undefined;
      throw error;
    });
    return this.#digits;
  }

  async #data(name: Settings["data"]): Promise<DatasetSplit> {
    if (name === "digits") return this.#packaged();
    if (!this.#own) throw new Error("choose your own pictures first");
    return this.#own;
  }

  /** Returns the data that a set was made from, or could be: data of the same shape and the same name. */
  async #fitting(set: DistilledSet): Promise<DatasetSplit | undefined> {
    const { name, count } = (set.recipe.data ?? {}) as { name?: string; count?: number };
    const fits = ({ train }: DatasetSplit): boolean =>
      (name === undefined || train.name === name) &&
      [set.channels, set.height, set.width, set.classes].join() ===
        [train.channels, train.height, train.width, train.classes].join();
    // A visitor's own folder may be called digits too.
    const own = this.#own && (name !== "digits" || count === this.#own.train.count) ? this.#own : undefined;
    const data = own && fits(own) ? own : name === "digits" ? await this.#packaged() : undefined;
    return data && fits(data) ? { ...data, test: heldOut(data.test) } : undefined;
  }
}

/** Returns the network that a set is for, by its recipe. */
function subject({ recipe }: DistilledSet): { model: Model; init: WeightSource } {
  if (!recipe.model) throw new Error("the file does not say which network its images are for");
  const model = modelFromDescription(recipe.model as ModelDescription);
  return { model, init: (recipe.init as WeightSource | undefined) ?? randomInit() };
}
