// Follows a distillation to its end: lines of metrics, reports, pictures and checkpoints.
import type { Distillation, Halving, Progress } from "../../index.ts";
import { Rate, Smoothed } from "./progress.ts";
import { type Content, halvingCount, type RunFolder } from "./run-folder.ts";
import type { RunReport } from "./run-report.ts";

/** The most of a run's time that checkpoints may take: they come more rarely if each takes long. */
const mostOfTime = 0.01;

/** How a run is followed. */
export interface Following {
  readonly folder: RunFolder;
  readonly reports: readonly RunReport[];
  /** Tells how long the run has gone on, also in processes before this one. */
  readonly seconds: () => number;
  /** The outer steps that were taken before, and how often the step size was halved. */
  readonly from: number;
  readonly before: number;
  /** The time between two checkpoints, in seconds; 0 if there are none on the way. */
  readonly checkpointEvery: number;
  /** Makes the state of the run a file. */
  readonly checkpoint: Content;
  /** Makes the folder ready, if it is not yet: called after each outer step, before anything is written. */
  readonly begin: () => Promise<unknown>;
  /** Called after each outer step. */
  readonly watch: (progress: Progress) => Promise<void>;
}

/** How a run ended. */
export interface Ended {
  /** The number of the last outer step. */
  readonly step: number;
  /** Its loss; null if this process took no step. */
  readonly loss: number | null;
  readonly failure?: { readonly error: unknown };
}

/** Runs all outer steps, or those before an interrupt or a failure. */
export async function follow(distillation: Distillation, following: Following): Promise<Ended> {
  const { folder, reports, seconds, from, before, begin, watch } = following;
  let losses = new Smoothed();
  let rate = new Rate(seconds(), from);
  const checkpoints = new Checkpoints(following);
  let last: Progress | undefined;
  const ended = () => ({ step: last?.step ?? from, loss: last?.loss ?? null });
  try {
    for await (const progress of distillation) {
      const { step, steps, loss, learningRate: outerLearningRate, epoch, halvings = [] } = progress;
      const times = last === undefined ? before : (last.halvings?.length ?? 0);
      last = progress;
      await begin();
      const now = seconds();
      if (halvings.length > times) {
        for (const halving of halvings.slice(times)) for (const each of reports) each.note(halvingText(halving));
        losses = new Smoothed();
        rate = new Rate(now, step);
      }
      folder.addMetric({ step, loss, outerLearningRate, ...halvingCount(progress), seconds: now });
      const stepsPerSecond = rate.add(step, now);
      const secondsLeft = (steps - step) / stepsPerSecond;
      const smoothedLoss = losses.add(loss);
      const report = { step, steps, epoch, loss, outerLearningRate, smoothedLoss, stepsPerSecond, secondsLeft };
      for (const each of reports) each.step(report);
      await folder.refreshPicture(() => distillation.snapshot());
      // A checkpoint comes after all lines of its step: a run that goes on from it does not evaluate this step again.
      await watch(progress);
      await checkpoints.passed();
    }
  } catch (error) {
    return { ...ended(), failure: { error } };
  }
  return ended();
}

function halvingText({ step, tensor, value, backTo }: Halving): string {
  return `outer step ${step}: the ${tensor} was ${value}; going on after outer step ${backTo} with half the step size`;
}

/** Saves the state of a run from time to time. */
class Checkpoints {
  readonly #following: Following;
  #next: number;

  constructor(following: Following) {
    this.#following = following;
    this.#next =
      following.checkpointEvery > 0 ? following.seconds() + following.checkpointEvery : Number.POSITIVE_INFINITY;
  }

  /** Called after each outer step. */
  async passed(): Promise<void> {
    const { folder, seconds, checkpointEvery, checkpoint } = this.#following;
    const began = seconds();
    if (began < this.#next) return;
    await folder.saveCheckpoint(checkpoint);
    const took = seconds() - began;
    this.#next = began + Math.max(checkpointEvery, took / mostOfTime);
  }
}
