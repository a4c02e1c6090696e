// What a run reports while it goes on: text for a person, JSON lines for a program.
import type { AttackReport, Engine, Evaluation, Model, Progress, RunState, SetStorage } from "../../index.ts";
import type { Recipe } from "../../recipes.ts";
import type { BaselineName, Baselines } from "./baselines.ts";

/** The plan of a run that is about to start. */
export interface Plan {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly data: { readonly name: string; readonly train: number; readonly test: number };
  /** The number of all distilled images. */
  readonly images: number;
  readonly outerSteps: number;
  readonly batch: number;
  /** The number of networks per outer step. */
  readonly networks: number;
  readonly seed: number;
  readonly engine: Engine;
  /** The number of workers; 0 if networks run in place. */
  readonly workers: number;
  /** The number of kernel threads; with workers, that of each worker in use. */
  readonly threads: number;
  /** The memory that the run will take, in bytes. */
  readonly memory: number;
  readonly out: string;
  /** The folder to which an earlier run in `out` is moved, if there is one. */
  readonly previous: string | undefined;
  /** The checkpoint that the run goes on from, and the outer step after which it was saved. */
  readonly resumed?: { readonly step: number; readonly path: string };
}

/** The progress after an outer step, in the words of a report. */
export interface StepReport extends Omit<Progress, "learningRate" | "halvings"> {
  /** The outer optimiser's step size. The set has learning rates of its own, so this has another name. */
  readonly outerLearningRate: number;
  readonly smoothedLoss: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

/** Floats and bytes of what a set stores. */
export type Storage = Pick<SetStorage, "floats" | "bytes">;

/** The content of result.json. */
export interface RunResult {
  readonly recipe: string;
  readonly version: string;
  readonly seed: number;
  readonly backend: string;
  readonly workers: number;
  /** The number of kernel threads; with workers, that of each worker. */
  readonly threads: number;
  /** The SIMD of the kernels, and whether the same recipe gives these bytes on any machine. */
  readonly simd: Engine["simd"];
  readonly reproducible: boolean;
  /** The GPU that computed steps of the run, if one did. */
  readonly gpu?: RunState["gpu"];
  readonly data: Plan["data"];
  readonly images: number;
  /** What the set stores: the numbers that were learned, and their bytes. */
  readonly storage: Storage;
  /** The number of outer steps done, which is smaller than planned if the run was stopped. */
  readonly outerSteps: number;
  readonly batch: number;
  readonly networks: number;
  readonly stopped: boolean;
  /** Set if the run diverged: the outer step that failed, what was out of range, and its value. The set is the one before. */
  readonly diverged?: { readonly step: number; readonly tensor: string; readonly value: string };
  /** Set if the run went back and halved its outer step size: when, why, and the outer step after which it went on. */
  readonly halvings?: RunState["halvings"];
  /** The time of the whole run, and that of its outer steps alone. */
  readonly seconds: number;
  readonly distillSeconds: number;
  /** The loss of the last outer step. */
  readonly loss: number | null;
  readonly evaluation: Evaluation | null;
  /** Present for a set that was distilled to mislead. */
  readonly attack?: AttackReport;
  /** The measured baselines; null if an interrupt came first. */
  readonly baselines: Baselines | null;
  readonly sha256: string;
}

export interface RunReport {
  start(plan: Plan): void;
  step(step: StepReport): void;
  /** Called after an evaluation during distilling. */
  watched(step: number, evaluation: Evaluation): void;
  /** Called after each held-out network. */
  evaluating(network: number, networks: number): void;
  evaluated(evaluation: Evaluation): void;
  /** Called when a baseline is about to be measured. */
  comparing(name: BaselineName): void;
  compared(baselines: Baselines): void;
  /** Called at the end, with the folder that holds the files. */
  result(result: RunResult, savedIn: string): void;
  /** Shows a message that the user should see during the run. */
  note(text: string): void;
  /** Restores the terminal, also after a failed run. */
  close(): void;
}
