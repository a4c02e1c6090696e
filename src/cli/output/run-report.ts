// What a run tells while it goes on, and to whom: a person gets text, a program JSON lines.
import type { AttackReport, Engine, Evaluation, Model, Progress } from "../../index.ts";
import type { Recipe } from "../../recipes.ts";
import type { BaselineName, Baselines } from "./baselines.ts";

/** A run about to start. */
export interface Plan {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly data: { readonly name: string; readonly train: number; readonly test: number };
  /** Distilled images in all. */
  readonly images: number;
  readonly outerSteps: number;
  readonly batch: number;
  /** Networks per outer step. */
  readonly networks: number;
  readonly seed: number;
  readonly engine: Engine;
  /** 0 where networks run in place. */
  readonly workers: number;
  /** Kernel threads, of each worker that has something to do if there are any. */
  readonly threads: number;
  /** Bytes that the run will take. */
  readonly memory: number;
  readonly out: string;
  /** Where an earlier run in `out` is moved, if there is one. */
  readonly previous: string | undefined;
}

/** An outer step, as a person wants to know of it. */
export interface StepReport extends Omit<Progress, "learningRate"> {
  /** Adam's step size: what is learned has learning rates of its own. */
  readonly outerLearningRate: number;
  readonly smoothedLoss: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

/** The content of result.json. */
export interface RunResult {
  readonly recipe: string;
  readonly version: string;
  readonly seed: number;
  readonly backend: string;
  readonly workers: number;
  /** Kernel threads, of each worker if there are any. */
  readonly threads: number;
  /** What the kernels were built for, and whether the same recipe gives these bytes anywhere. */
  readonly simd: Engine["simd"];
  readonly reproducible: boolean;
  readonly data: Plan["data"];
  readonly images: number;
  /** Done; fewer than were asked for where the run was stopped. */
  readonly outerSteps: number;
  readonly batch: number;
  readonly networks: number;
  readonly stopped: boolean;
  /** Of a run that diverged: the outer step that failed, what was out of range, and its value. The set is that before. */
  readonly diverged?: { readonly step: number; readonly tensor: string; readonly value: string };
  /** Of the whole run, and of its outer steps alone. */
  readonly seconds: number;
  readonly distillSeconds: number;
  /** Of the last outer step. */
  readonly loss: number | null;
  readonly evaluation: Evaluation | null;
  /** Of a set that was distilled to mislead. */
  readonly attack?: AttackReport;
  /** Those that were asked for; null where an interrupt came first. */
  readonly baselines: Baselines | null;
  readonly sha256: string;
}

export interface RunReport {
  start(plan: Plan): void;
  step(step: StepReport): void;
  /** An evaluation while distilling. */
  watched(step: number, evaluation: Evaluation): void;
  /** After each held-out network. */
  evaluating(network: number, networks: number): void;
  evaluated(evaluation: Evaluation): void;
  /** A baseline is being measured. */
  comparing(name: BaselineName): void;
  compared(baselines: Baselines): void;
  /** The end, and the folder that the files are in. */
  result(result: RunResult, savedIn: string): void;
  /** Something that the user should know while the run goes on. */
  note(text: string): void;
  /** Leaves the terminal in order, also when the run failed. */
  close(): void;
}
