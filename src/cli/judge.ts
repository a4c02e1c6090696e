// How good a set is: accuracies of held-out networks, beside those of baselines.
import {
  type DatasetSplit,
  type DistilledSet,
  type Engine,
  evaluate,
  type Model,
  type WeightSource,
} from "../index.ts";
import { type BaselineName, measureBaselines } from "./baselines.ts";
import type { RunReport, RunResult } from "./report.ts";

/** Everything but the set and the reports. */
export interface JudgeOptions extends DatasetSplit {
  readonly model: Model;
  readonly init: WeightSource;
  readonly networks: number;
  readonly baselines: readonly BaselineName[];
  readonly seed: number;
  readonly engine: Engine;
  readonly workers: number;
  readonly threads: number | "auto";
  readonly signal: AbortSignal;
}

/** Both results. What an interrupt cut off is null; that is no error. */
export async function judge(
  set: DistilledSet,
  options: JudgeOptions,
  reports: readonly RunReport[],
): Promise<Pick<RunResult, "evaluation" | "baselines">> {
  let evaluation: RunResult["evaluation"] = null;
  try {
    evaluation = await evaluate({
      ...options,
      set,
      onProgress({ network, networks }) {
        for (const report of reports) report.evaluating(network, networks);
      },
    });
    for (const report of reports) report.evaluated(evaluation);
    // Real images come with hard labels, of every class as many: there are none like fewer images than classes.
    const names = set.imagesPerStep % options.train.classes === 0 ? options.baselines : [];
    const baselines = await measureBaselines(names, { ...options, like: set }, (name) => {
      for (const report of reports) report.comparing(name);
    });
    for (const report of reports) report.compared(baselines);
    return { evaluation, baselines };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return { evaluation, baselines: null };
  }
}
