// One run: it goes through a distillation, can be paused, and reports its progress.
import {
  type DatasetSplit,
  type Distillation,
  type DistilledSet,
  type Engine,
  evaluate,
  growthSteps,
  type Model,
  type Progress,
  type WeightSource,
} from "distillate";
import type { News } from "./api.ts";
import { heldOut } from "./mixed.ts";
import { tilesOfSet } from "./tiles.ts";

/** The time between two pictures of the images. */
const IMAGES_MS = 250;
/** Measuring held-out accuracy may take one part in so many of the time. */
const EVALUATION_SHARE = 10;
/** The networks of a measurement: a training by a protocol takes a thousand gradient steps, so one of them must do. */
const NETWORKS = { replayed: 2, byProtocol: 1 };

export interface RunParts {
  /** Where held-out accuracy is measured; the run itself may be on another one. */
  readonly engine: Engine;
  readonly model: Model;
  readonly init: WeightSource;
  readonly data: DatasetSplit;
  readonly seed: number;
  readonly tell: (news: News) => void;
}

export class Run {
  readonly #distillation: Distillation;
  readonly #parts: RunParts;
  /** Called when there are images to look at. */
  readonly #onBegun: () => void;
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  #stopped = false;
  #begun = false;
  /** The images of some updates, and the updates that such images are still wanted of; undefined before the first. */
  readonly #grown: DistilledSet[] = [];
  #due: number[] | undefined;
  #losses: [number, number][] = [];
  #accuracies: [number, number][] = [];

  constructor(distillation: Distillation, parts: RunParts, onBegun: () => void) {
    this.#distillation = distillation;
    this.#parts = parts;
    this.#onBegun = onBegun;
  }

  get distillation(): Distillation {
    return this.#distillation;
  }

  pause(): void {
    if (this.#gate) return;
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { opened, open };
  }

  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Whether there are images to look at. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Runs until the last step, or `stop()`. Progress comes at most ten times a second; the run pauses while none is asked for. */
  async follow(): Promise<void> {
    const clock = new Clock();
    let painted = 0;
    let evaluated = { at: 0, took: 0 };
    for await (const progress of this.#distillation) {
      clock.at(progress.step);
      this.#losses.push([progress.step, progress.loss]);
      if (!this.#begun) {
        this.#begun = true;
        this.#onBegun();
        // Images come before the first measurement, which may take seconds.
        await this.#tell(progress, clock.stepsPerSecond, true);
      }
      await this.#grow(progress);
      const now = performance.now();
      const ending = progress.step === progress.steps || this.#stopped;
      if (ending || now - evaluated.at > EVALUATION_SHARE * evaluated.took) {
        await this.#evaluate(progress.step);
        evaluated = { at: performance.now(), took: performance.now() - now };
      }
      const paint = ending || this.#gate !== undefined || now - painted > IMAGES_MS;
      if (paint) painted = now;
      await this.#tell(progress, clock.stepsPerSecond, paint);
      if (this.#stopped) break;
      if (this.#gate) {
        await this.#gate.opened;
        clock.restart();
      }
    }
  }

  /** The images as they grew, for an animation; empty for a set too large for one. */
  get grown(): readonly DistilledSet[] {
    return this.#grown;
  }

  /** Keeps the images of the first update that comes at or after each one that is wanted: not every update is seen. */
  async #grow({ step, steps }: Progress): Promise<void> {
    if (this.#due && !(this.#due[0]! <= step) && !this.#stopped) return;
    const set = await this.#distillation.snapshot();
    const due = this.#due ?? growthSteps(steps, set.images.length);
    if (due.length > 0) this.#grown.push(set);
    this.#due = due.filter((later) => later > step);
  }

  async #evaluate(step: number): Promise<void> {
    const { engine, model, init, seed, data } = this.#parts;
    if (data.test.count === 0) return;
    const set = await this.#distillation.snapshot();
    const test = heldOut(data.test);
    const networks = set.training ? NETWORKS.byProtocol : NETWORKS.replayed;
    const { mean } = await evaluate({ set, model, init, networks, test, engine, seed });
    this.#accuracies.push([step, mean]);
  }

  async #tell({ step, steps }: Progress, stepsPerSecond: number, paint: boolean): Promise<void> {
    const tiles = paint ? tilesOfSet(await this.#distillation.snapshot()) : undefined;
    this.#parts.tell({ step, steps, stepsPerSecond, losses: this.#losses, accuracies: this.#accuracies, tiles });
    this.#losses = [];
    this.#accuracies = [];
  }
}

/** Measures steps per second, mostly of the last few seconds, without pauses. */
class Clock {
  #last: { readonly step: number; readonly time: number } | undefined;
  #milliseconds: number | undefined;

  get stepsPerSecond(): number {
    return this.#milliseconds ? 1000 / this.#milliseconds : 0;
  }

  at(step: number): void {
    const time = performance.now();
    if (this.#last && step > this.#last.step) {
      const each = (time - this.#last.time) / (step - this.#last.step);
      this.#milliseconds = this.#milliseconds === undefined ? each : 0.92 * this.#milliseconds + 0.08 * each;
    }
    this.#last = { step, time };
  }

  restart(): void {
    this.#last = undefined;
  }
}
