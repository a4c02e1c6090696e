// A run as a person reads it: what will happen, a live line, a table.

import type { WriteStream } from "node:tty";
import type { Gpu } from "../../backend/gpu.ts";
import type { LearnedShape } from "../../distill/methods/declaration.ts";
import { declarationOf } from "../../distill/methods/known.ts";
import type { AttackReport, Evaluation } from "../../index.ts";
import { isFixed, modelName, recipeMethod } from "../../recipes/options.ts";
import type { Attack, Recipe } from "../../recipes.ts";
import { printable } from "../errors.ts";
import { type BaselineName, type Baselines, baselineLabel, baselineRows } from "./baselines.ts";
import { runFiles } from "./older-run.ts";
import { clock, ProgressLine, progressText } from "./progress.ts";
import type { Plan, RunReport, RunResult, StepReport } from "./run-report.ts";
import { accuracy, count, fitText, interval, plural, table } from "./text.ts";

/** How often the seconds of the comparison are updated. */
const tickMilliseconds = 250;

export class TextReport implements RunReport {
  readonly #stream: NodeJS.WritableStream;
  readonly #line: ProgressLine;
  #plan: Plan | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Text goes to `text`; the live line goes to `live`, if that is a terminal. */
  constructor(text: NodeJS.WritableStream, live: WriteStream) {
    this.#stream = text;
    this.#line = new ProgressLine(live);
  }

  start(plan: Plan): void {
    this.#plan = plan;
    const { recipe, data, model, images, engine } = plan;
    const shape = declarationOf(recipe.method).shape(recipeMethod(recipe), model.classes);
    const size = `${model.inputShape[1]}×${model.inputShape[2]}`;
    const threads = plural(plan.threads, "thread");
    const crew = plan.workers === 0 ? threads : `${plural(plan.workers, "worker")}, ${threads} each`;
    // Some methods look at no real images in an outer step.
    const batch = plan.batch === 0 ? "" : `, batch ${count(plan.batch)}`;
    const networks = plan.networks === 1 ? "" : `, ${plan.networks} networks each`;
    this.#print(
      `${recipe.name}: ${recipe.summary}`,
      ...table([
        ["  data", `${data.name}, ${size}: ${count(data.train)} to learn from, ${count(data.test)} to test on`],
        ["  images", `${images} to distil: ${trainingText(shape)}`],
        ["  model", `${modelName(recipe.model)}, ${count(model.parameterCount)} parameters, ${weightsText(recipe)}`],
        ["  method", `${recipe.method.name}, ${count(plan.outerSteps)} outer steps${networks}${batch}`],
        ["  seed", `${plan.seed}`],
        ["  engine", engine.gpu ? `webgpu, ${gpuText(engine.gpu)}` : `${engine.backend.name}, ${crew}`],
        ["  memory", `${count(Math.round(plan.memory / 2 ** 20))} MiB`],
        ...(plan.resumed ? [["  goes on", `after outer step ${plan.resumed.step}, from ${plan.resumed.path}`]] : []),
        ["  files", `${plan.out}${plan.previous === undefined ? "" : ` (the earlier run goes to ${plan.previous})`}`],
      ]),
      "Ctrl-C stops early and keeps what was learned.",
      "",
    );
  }

  step({ step, steps, smoothedLoss, stepsPerSecond, secondsLeft }: StepReport): void {
    const rate = `${stepsPerSecond.toFixed(1)} steps/s`;
    const rest = `loss ${smoothedLoss.toFixed(3)}  ${rate}  ${clock(secondsLeft)} left`;
    this.#line.draw((columns) => progressText({ label: "distilling", done: step, total: steps, rest }, columns));
  }

  watched(step: number, evaluation: Evaluation): void {
    this.#line.clear();
    this.#print(`outer step ${step}: ${accuracy(evaluation)}`);
  }

  evaluating(network: number, networks: number): void {
    const text = { label: "evaluating", done: network, total: networks, rest: "networks" };
    this.#line.draw((columns) => progressText(text, columns));
  }

  evaluated(_: Evaluation): void {
    this.#line.clear();
  }

  comparing(name: BaselineName): void {
    clearInterval(this.#timer);
    const startedAt = performance.now();
    const draw = (): void => {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      this.#line.draw(() => `comparing with ${baselineLabel(name)}, ${seconds} s`);
    };
    draw();
    this.#timer = setInterval(draw, tickMilliseconds);
  }

  compared(_: Baselines): void {
    this.close();
  }

  result(result: RunResult, savedIn: string): void {
    this.close();
    // The error says everything.
    if (result.diverged) return;
    if (result.stopped) this.#print(...this.#stopped(result, savedIn));
    else this.#print(...this.#table(result, savedIn));
  }

  note(text: string): void {
    this.#line.clear();
    this.#print(`note: ${text}`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }

  #stopped({ outerSteps, evaluation }: RunResult, out: string): string[] {
    const { outerSteps: planned } = this.#plan!;
    if (outerSteps < planned) {
      const where = `Stopped after outer step ${outerSteps} of ${planned}. Saved in ${out}, not evaluated.`;
      return [where, `Go on with it by --resume ${out}.`];
    }
    const missing = evaluation ? "evaluated, but not compared" : "not evaluated";
    return [`Stopped after the last outer step. Saved in ${out}, ${missing}.`];
  }

  #table(
    { evaluation, attack, baselines, data, images, seconds, distillSeconds, sha256, gpu }: RunResult,
    out: string,
  ): string[] {
    const { recipe } = this.#plan!;
    const lines: string[] = [];
    if (evaluation && baselines) {
      const known = isFixed(recipe);
      lines.push(
        `Accuracy on ${count(data.test)} test images of ${data.name}, after training on ${images} images:`,
        ...table([
          ["", "± std", "95 % of the mean", ""],
          [
            "  distilled images",
            accuracy(evaluation),
            interval(evaluation),
            known ? "the known network" : plural(evaluation.networks, "network"),
          ],
          ...(attack && recipe.attack ? [misreadRow(recipe.attack, attack)] : []),
          ...baselineRows(baselines, known),
        ]),
        "",
      );
    }
    return [
      ...lines,
      `Files in ${out}:`,
      `  ${runFiles.join("  ")}`,
      `${seconds.toFixed(1)} s in all, ${distillSeconds.toFixed(1)} s of them distilling.`,
      `sha256 ${sha256}`,
      ...(gpu
        ? [`A GPU gives its own last digits (${gpuText(gpu)}): for the same bits everywhere, run with --backend wasm.`]
        : []),
    ];
  }

  #print(...lines: readonly string[]): void {
    this.#stream.write(lines.map((line) => `${printable(line)}\n`).join(""));
  }
}

/** Returns the row that says which share of the attacked class is read as the other. */
function misreadRow({ from, to }: Attack, { misread }: AttackReport): string[] {
  return [`  class ${from} read as ${to}`, accuracy(misread), interval(misread), "what the images are for"];
}

function weightsText(recipe: Recipe): string {
  const known = isFixed(recipe);
  if (recipe.init.kind === "pretrained") return known ? "one trained network" : "networks of a trained pool";
  return known ? "one known network" : "new random weights every time";
}

/** Says how networks train on the images: "3 epochs over 10 steps of 10". */
function trainingText({ steps, epochs, imagesPerStep, training }: LearnedShape): string {
  if (training) return fitText(training);
  return `${plural(epochs, "epoch")} over ${plural(steps, "step")} of ${imagesPerStep}`;
}

function gpuText({ name, software }: Gpu): string {
  return software ? `${name}, simulated on the processor` : name;
}
