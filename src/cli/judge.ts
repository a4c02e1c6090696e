// How good a set is: accuracies of held-out networks, beside those after as many random real images.
import {
  type DatasetSplit,
  type DistilledSet,
  type Engine,
  evaluate,
  type Model,
  randomRealBaseline,
  type WeightSource,
} from "../index.ts";
import type { RunReport, RunResult } from "./report.ts";

/** Everything but the set and the reports. */
export interface JudgeOptions extends DatasetSplit {
  readonly model: Model;
  readonly init: WeightSource;
  readonly networks: number;
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
): Promise<Pick<RunResult, "evaluation" | "baseline">> {
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
    for (const report of reports) report.comparing();
    const { accuracies: _, ...randomReal } = await randomRealBaseline({ ...options, like: set });
    for (const report of reports) report.compared({ randomReal });
    return { evaluation, baseline: { randomReal } };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return { evaluation, baseline: null };
  }
}
