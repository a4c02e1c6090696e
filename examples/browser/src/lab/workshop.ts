// The workshop makes, measures, reads and writes sets in the lab, when a visitor asks for it. It is loaded after the first result.
import {
  type DatasetSplit,
  type Distillation,
  type DistilledSet,
  distill,
  distilledToSafetensors,
  evaluate,
  type PackedBits,
  type RunState,
  setDigest,
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
} from "./api.ts";
import { compare } from "./compare.ts";
import { type Lab, subject } from "./lab.ts";
import { optionsOf } from "./options.ts";
import { type Chosen, info, picturesFrom } from "./pictures.ts";
import { stepsPerSecond } from "./rates.ts";
import { Run } from "./run.ts";
import { growthFile, packedSet, readSet, setFile, unpackedSet } from "./set-files.ts";
import { tilesOfSet } from "./tiles.ts";

export class Workshop {
  readonly #lab: Lab;
  /** Ends the current measurement. */
  #measuring: AbortController | undefined;
  /** Ends the current reading of files. */
  #reading: AbortController | undefined;
  #run: Run | undefined;
  /** A set that was made here, and the same set as it grew. */
  #made: { readonly set: DistilledSet; readonly grown: readonly DistilledSet[] } | undefined;
  /** The last run, after its end. */
  #ended: Distillation | undefined;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Sets whether a GPU may be one that is simulated on the processor, which is for tests. */
  set simulatedGpu(may: boolean) {
    this.#lab.engines.simulatedGpu = may;
  }

  /** Sets what is called with what goes wrong with the GPU in a run, which goes on all the same. */
  set onNotice(listener: (notice: string) => void) {
    this.#lab.engines.onNotice = listener;
  }

  /** Reads pictures of the user; none of them leaves the page. An earlier reading is given up. */
  async own(files: Chosen, name: string, onProgress: (done: number, total: number) => void): Promise<DataInfo> {
    this.stopReading();
    this.#reading = new AbortController();
    const { split, notes } = await picturesFrom(files, name, onProgress, this.#reading.signal);
    this.#lab.own = split;
    return info(split, notes);
  }

  /** Gives up the reading of files, if any are being read. */
  stopReading(): void {
    this.#reading?.abort();
    this.#reading = undefined;
  }

  async load(bytes: Uint8Array, name: string): Promise<Shown> {
    return this.#lab.take(await readSet(bytes, name));
  }

  /** Returns the text of a link that holds the set. */
  async pack(bits: PackedBits): Promise<string> {
    return packedSet(await this.#lab.current(), bits);
  }

  /** Measures what was packed as `text` and now is the set; undefined if there are no held-out images that fit. */
  packingCost(text: string): Promise<PackingCost | undefined> {
    return this.#lab.engines.supervise(() => this.#packingCost(text));
  }

  async #packingCost(text: string): Promise<PackingCost | undefined> {
    const set = await this.#lab.current();
    const test = (await this.#lab.fitting(set))?.test;
    if (!test || test.count === 0) return undefined;
    // A training by a protocol takes seconds.
    const how = { ...subject(set), networks: set.training ? 2 : 5, test, engine: this.#lab.engines.kernels() };
    const before = await evaluate({ ...how, set });
    const after = await evaluate({ ...how, set: await unpackedSet(text) });
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
    return this.#lab.engines.supervise(
      () => this.#runOnce(settings, listen, resume),
      () => !told,
    );
  }

  async #runOnce(settings: Settings, tell: (news: News) => void, resume?: RunState): Promise<Shown> {
    this.stopMeasuring();
    const lab = this.#lab;
    const data = await this.#data(settings.data);
    const options = optionsOf(settings, data);
    const { model, init } = options;
    const engine = settings.on === "webgpu" ? await lab.engines.gpuOrKernels() : lab.engines.kernels();
    const distillation = distill({ ...options, engine, resume });
    const parts = { engine: lab.engines.kernels(), model, init, data, seed: settings.seed, tell };
    const run = new Run(distillation, parts, () => {
      lab.growing = distillation;
    });
    this.#run = run;
    lab.forgetNetworks();
    this.#ended = undefined;
    this.#made = undefined;
    let set: DistilledSet;
    try {
      await run.follow();
      set = await distillation.result();
    } finally {
      this.#run = undefined;
      lab.growing = undefined;
    }
    this.#made = { set, grown: run.grown };
    this.#ended = distillation;
    return lab.take(set);
  }

  /** Measures a run on both, one after the other, and calls `tell` with the outer steps per second of each. */
  measure(settings: Settings, tell: (on: Processor, stepsPerSecond: number) => void): Promise<void> {
    return this.#lab.engines.supervise(() => this.#measure(settings, tell));
  }

  async #measure(settings: Settings, tell: (on: Processor, stepsPerSecond: number) => void): Promise<void> {
    this.stopMeasuring();
    this.#measuring = new AbortController();
    const { signal } = this.#measuring;
    const options = optionsOf(settings, await this.#data(settings.data));
    // More than can be counted: the measurement ends the run.
    const outer = { ...options.outer, steps: 1e6 };
    for (const on of ["wasm", "webgpu"] as const) {
      const engine = on === "wasm" ? this.#lab.engines.kernels() : await this.#lab.engines.gpu();
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

  compare(tell: (line: Compared) => void): Promise<void> {
    return this.#lab.engines.supervise(() => this.#compare(tell));
  }

  async #compare(tell: (line: Compared) => void): Promise<void> {
    const set = await this.#lab.current();
    const data = await this.#lab.fitting(set);
    if (!data) throw new Error("choose the data that these images were made from: there is nothing to compare with");
    await compare({ set, data, ...subject(set), engine: this.#lab.engines.kernels() }, tell);
  }

  /** How many frames there are of how the set formed; 0 if it was not made here. */
  get frameCount(): number {
    return this.#grown.length;
  }

  /** Returns the images of one of them. */
  frame(index: number): Frame | undefined {
    const set = this.#grown[index];
    return set && { step: Number(set.recipe.outerSteps ?? 0), tiles: tilesOfSet(set) };
  }

  /** Returns the digest of the set. */
  async digest(): Promise<string> {
    return setDigest(await this.#lab.current());
  }

  /** The set as it grew, if it was made here and is still there. */
  get #grown(): readonly DistilledSet[] {
    return this.#made && this.#made.set === this.#lab.set ? this.#made.grown : [];
  }

  async file(kind: FileKind): Promise<Uint8Array> {
    const set = await this.#lab.current();
    if (kind === "safetensors") return distilledToSafetensors(set);
    if (kind === "npz" || kind === "png") return setFile(kind, set);
    if (kind === "growth.png") return growthFile(this.#grown);
    return new TextEncoder().encode(`${JSON.stringify(set.recipe, null, 2)}\n`);
  }

  async #data(name: Settings["data"]): Promise<DatasetSplit> {
    if (name === "digits") return this.#lab.digits();
    if (!this.#lab.own) throw new Error("choose your own pictures first");
    return this.#lab.own;
  }
}
