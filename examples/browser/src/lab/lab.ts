// The lab: engine, data and the current set. It computes in the engine's worker, so that the page stays free.
import {
  contactSheet,
  createEngine,
  type DatasetSplit,
  type Distillation,
  type DistilledSet,
  digits,
  distill,
  distilledFromBytes,
  distilledToNpz,
  distilledToSafetensors,
  type Engine,
  evaluate,
  growthAnimation,
  type Model,
  type ModelDescription,
  modelFromDescription,
  type PackedBits,
  packSet,
  type RunState,
  randomInit,
  subset,
  type TrainedNetwork,
  trainOn,
  unpackSet,
  type WeightSource,
} from "distillate";
import type { DataFile } from "distillate/data";
import type {
  Compared,
  DataInfo,
  FileKind,
  Moment,
  News,
  PackingCost,
  Processor,
  Settings,
  Shown,
  Tiles,
  Trained,
  Vote,
} from "./api.ts";
import { compare } from "./compare.ts";
import { gpuEngine } from "./gpu.ts";
import { optionsOf } from "./options.ts";
import { info, picturesFrom } from "./pictures.ts";
import { stepsPerSecond } from "./rates.ts";
import { Run } from "./run.ts";
import { schedule, shown, tilesOfData } from "./tiles.ts";
import { Voters, votersOf } from "./voters.ts";

/** If the first network took longer than this to train, no others are trained after it. */
const PATIENCE_MS = 2000;

export class Lab {
  /** The kernels: everything runs on them, but for runs on the GPU. */
  #engine: Engine | undefined;
  /** The GPU, once it was wanted. */
  #gpu: Promise<Engine> | undefined;
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
  /** Whether a GPU may be one that is simulated on the processor, which is for tests. */
  simulatedGpu = false;
  /** Called with what goes wrong with the GPU in a run, which goes on all the same. */
  onNotice: (notice: string) => void = () => {};

  /** Starts the engine, or restarts it with another number of threads. */
  async open(threads: number | "auto"): Promise<{ threads: number; notices: readonly string[] }> {
    const notices: string[] = [];
    const engine = await createEngine({ threads, onNotice: (notice) => notices.push(notice) });
    this.#voters = undefined;
    await this.#engine?.dispose();
    this.#engine = engine;
    return { threads: engine.threads, notices };
  }

  async digits(): Promise<DataInfo> {
    return info(await this.#packaged());
  }

  /** Reads pictures of the user; none of them leaves the page. An earlier reading is given up. */
  async own(
    files: readonly DataFile[],
    name: string,
    onProgress: (done: number, total: number) => void,
  ): Promise<DataInfo> {
    this.#reading?.abort();
    this.#reading = new AbortController();
    const { split, notes } = await picturesFrom({ files, name }, onProgress, this.#reading.signal);
    this.#own = split;
    return info(split, notes);
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
  async packingCost(text: string): Promise<PackingCost | undefined> {
    const set = await this.#current();
    const test = (await this.#fitting(set))?.test;
    if (!test || test.count === 0) return undefined;
    // A training by a protocol takes seconds.
    const how = { ...subject(set), networks: set.training ? 2 : 5, test, engine: this.#ready() };
    const before = await evaluate({ ...how, set });
    const after = await evaluate({ ...how, set: unpackSet(text) });
    return { before: before.mean, after: after.mean, networks: before.networks };
  }

  /** Runs to the end, or until `stop()`, from the start or from the state of an earlier run. */
  async run(settings: Settings, tell: (news: News) => void, resume?: RunState): Promise<Shown> {
    this.stopMeasuring();
    const data = await this.#data(settings.data);
    const options = optionsOf(settings, data);
    const { model, init } = options;
    const engine = settings.on === "webgpu" ? await this.#gpuOrKernels() : this.#ready();
    const distillation = distill({ ...options, engine, resume });
    this.#run = new Run(distillation, { engine: this.#ready(), model, init, data, seed: settings.seed, tell });
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
  async measure(settings: Settings, tell: (on: Processor, stepsPerSecond: number) => void): Promise<void> {
    this.stopMeasuring();
    this.#measuring = new AbortController();
    const { signal } = this.#measuring;
    const options = optionsOf(settings, await this.#data(settings.data));
    // More than can be counted: the measurement ends the run.
    const outer = { ...options.outer, steps: 1e6 };
    for (const on of ["wasm", "webgpu"] as const) {
      const engine = on === "wasm" ? this.#ready() : await this.#onGpu();
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

  /**
   * Trains a fresh network, and tests it on held-out images if there are any that fit. It reads pictures alone, until others vote with
   * it (`vote`).
   */
  async train(): Promise<Trained> {
    const set = await this.#current();
    const { model } = subject(set);
    const startedAt = performance.now();
    const network = await this.#trainedOn(set);
    const milliseconds = performance.now() - startedAt;
    const { channels, height, width, classes, steps, imagesPerStep } = set;
    const test = (await this.#fitting(set))?.test;
    const voters = new Voters(set, test);
    const accuracy = await voters.add(network);
    this.#voters = voters;
    return {
      milliseconds,
      gradientSteps: schedule(set).gradientSteps,
      images: steps * imagesPerStep,
      weights: model.parameterCount,
      accuracy,
      heldOut: test?.count ?? 0,
      voters: milliseconds > PATIENCE_MS ? 1 : votersOf(set),
      ...{ channels, height, width, classes },
    };
  }

  /**
   * Trains more networks on the images of the last `train`, one after the other, until `voters` read pictures together, and calls
   * `tell` after each. Pictures are read between two of them. It ends early if there are other images or a new first network.
   */
  async vote(voters: number, tell: (vote: Vote) => void): Promise<void> {
    const together = this.#voters;
    const over = (): boolean => together !== this.#voters;
    while (together && !over() && together.count < voters) {
      // An engine that is replaced meanwhile gives up the training, and then nobody waits for it.
      const network = await this.#trainedOn(together.set).catch((error: unknown) => {
        if (!over()) throw error;
      });
      if (!network || over()) return;
      const accuracy = await together.add(network);
      if (!over()) tell({ networks: together.count, accuracy });
    }
  }

  /** Returns the chance of each class for a picture [height, width, channels] of levels. */
  async classify(levels: Uint8Array): Promise<Float32Array> {
    if (!this.#voters) throw new Error("there is no network yet: train one first");
    return this.#voters.chancesFor(levels);
  }

  /** Returns `count` held-out pictures that fit the set, different ones for each `page`; undefined if the data do not fit. */
  async samples(count: number, page: number): Promise<Tiles | undefined> {
    const test = (await this.#fitting(await this.#current()))?.test;
    if (!test || test.count === 0) return undefined;
    return tilesOfData(
      test,
      Array.from({ length: Math.min(count, test.count) }, (_, i) => (page * count + i) % test.count),
    );
  }

  async compare(tell: (line: Compared) => void): Promise<void> {
    const set = await this.#current();
    const data = await this.#fitting(set);
    if (!data) throw new Error("choose the data that these images were made from: there is nothing to compare with");
    await compare({ set, data, ...subject(set), engine: this.#ready() }, tell);
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

  #trainedOn(set: DistilledSet): Promise<TrainedNetwork> {
    return trainOn(set, { ...subject(set), seed: ++this.#networks, engine: this.#ready() });
  }

  #ready(): Engine {
    if (!this.#engine) throw new Error("the engine has not started");
    return this.#engine;
  }

  /** Returns the engine on the GPU, which is started if there is none, or if it has lost its GPU. */
  async #onGpu(): Promise<Engine> {
    const last = await this.#gpu?.catch(() => undefined);
    if (last?.gpu) return last;
    await last?.dispose();
    this.#gpu = gpuEngine(this.simulatedGpu, (notice) => this.onNotice(notice));
    return this.#gpu;
  }

  async #gpuOrKernels(): Promise<Engine> {
    try {
      return await this.#onGpu();
    } catch (error) {
      this.onNotice(`${error instanceof Error ? error.message : error}; runs on WebAssembly instead`);
      return this.#ready();
    }
  }

  /** Returns the set; during a run, its current state. */
  async #current(): Promise<DistilledSet> {
    const set = this.#run?.begun ? await this.#run.distillation.snapshot() : this.#set;
    if (!set) throw new Error("there are no distilled images yet");
    return set;
  }

  #packaged(): Promise<DatasetSplit> {
    this.#digits ??= digits().catch((error) => {
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
    const name = (set.recipe.data as { name?: string } | undefined)?.name;
    const data = name === "digits" ? await this.#packaged() : this.#own;
    if (!data || (name !== undefined && data.train.name !== name)) return undefined;
    const { channels, height, width, classes } = data.train;
    const fits =
      [set.channels, set.height, set.width, set.classes].join() === [channels, height, width, classes].join();
    return fits ? { ...data, test: subset(data.test, 0, Math.min(1000, data.test.count)) } : undefined;
  }
}

/** Returns the network that a set is for, by its recipe. */
function subject({ recipe }: DistilledSet): { model: Model; init: WeightSource } {
  if (!recipe.model) throw new Error("the file does not say which network its images are for");
  const model = modelFromDescription(recipe.model as ModelDescription);
  return { model, init: (recipe.init as WeightSource | undefined) ?? randomInit() };
}
