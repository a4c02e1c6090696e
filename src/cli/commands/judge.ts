// Measures how good a set is: the accuracies of held-out networks, beside those of baselines.
import { comparedImages } from "../../distill/storage.ts";
import type { Elsewhere } from "../../engine/elsewhere.ts";
import {
  attackReport,
  type DatasetSplit,
  type DistilledSet,
  type Engine,
  evaluate,
  type Model,
  type WeightSource,
} from "../../index.ts";
import type { Attack } from "../../recipes.ts";
import { type BaselineName, measureBaselines } from "../output/baselines.ts";
import type { RunReport, RunResult } from "../output/run-report.ts";

/** Everything except the set and the reports. */
export interface JudgeOptions extends DatasetSplit {
  readonly model: Model;
  readonly init: WeightSource;
  readonly networks: number;
  readonly baselines: readonly BaselineName[];
  /** Given for a set that is distilled to mislead. */
  readonly attack?: Attack;
  readonly seed: number;
  readonly engine: Engine;
  readonly workers: number;
  readonly on?: Elsewhere;
  readonly threads: number | "auto";
  readonly signal: AbortSignal;
}

/** Measures both results. A result that an interrupt cut off is null, which is no error. */
export async function judge(
  set: DistilledSet,
  options: JudgeOptions,
  reports: readonly RunReport[],
): Promise<Pick<RunResult, "evaluation" | "attack" | "baselines">> {
  let judged: Pick<RunResult, "evaluation" | "attack"> = { evaluation: null };
  const { attack, train, baselines: wanted, ...judges } = options;
  try {
    const { confusions, ...evaluation } = await evaluate({
      ...judges,
      set,
      ...(attack && { perClass: true }),
      onProgress({ network, networks }) {
        for (const report of reports) report.evaluating(network, networks);
      },
    });
    judged = {
      evaluation,
      ...(attack && confusions && { attack: attackReport({ ...evaluation, confusions }, attack.from, attack.to) }),
    };
    for (const report of reports) report.evaluated(evaluation);
    // Baselines need equally many images of every class, so they cannot match a set with fewer images than classes.
    const compared = comparedImages(set);
    const names = compared.imagesPerStep % train.classes === 0 ? wanted : [];
    const baselines = await measureBaselines(names, { ...judges, train, like: { ...set, ...compared } }, (name) => {
      for (const report of reports) report.comparing(name);
    });
    for (const report of reports) report.compared(baselines);
    return { ...judged, baselines };
  } catch (error) {
    if (!options.signal.aborted) throw error;
    return { ...judged, baselines: null };
  }
}
