// Reports a run as JSON lines, `{"event": …}`, for `distillate run | jq` and for log files.
import type { Evaluation } from "../../index.ts";
import { visibleJson } from "../../quote.ts";
import type { Baselines } from "./baselines.ts";
import type { Plan, RunReport, RunResult, StepReport } from "./run-report.ts";

/** The time between two progress events. The last step always has one. */
const progressMilliseconds = 500;

export class JsonReport implements RunReport {
  readonly #stream: NodeJS.WritableStream;
  #progressAt = Number.NEGATIVE_INFINITY;
  #pending: StepReport | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  start({
    recipe,
    data,
    images,
    outerSteps,
    batch,
    networks,
    seed,
    engine,
    workers,
    threads,
    out,
    resumed,
  }: Plan): void {
    const what = { recipe: recipe.name, data, images, outerSteps, batch, networks, seed };
    const where = { backend: engine.backend.name, ...(engine.gpu && { gpu: engine.gpu }), workers, threads, out };
    this.#write("start", { ...what, ...where, ...(resumed && { resumed }) });
  }

  step(step: StepReport): void {
    this.#pending = step;
    const now = performance.now();
    if (step.step < step.steps && now - this.#progressAt < progressMilliseconds) return;
    this.#progressAt = now;
    this.#flush();
  }

  watched(step: number, { mean, std, networks }: Evaluation): void {
    this.#flush();
    this.#write("accuracy", { step, mean, std, networks });
  }

  evaluating(): void {
    this.#flush();
  }

  evaluated(evaluation: Evaluation): void {
    this.#write("evaluation", evaluation);
  }

  comparing(): void {}

  compared(baselines: Baselines): void {
    this.#write("baselines", baselines);
  }

  result(result: RunResult): void {
    this.#flush();
    this.#write("result", result);
  }

  note(text: string): void {
    this.#write("note", { text });
  }

  close(): void {}

  #flush(): void {
    if (this.#pending) this.#write("progress", this.#pending);
    this.#pending = undefined;
  }

  #write(event: string, fields: object): void {
    this.#stream.write(`${visibleJson({ event, ...fields })}\n`);
  }
}
