// The protocol "paper": a set is judged as it says itself, by its learned rates or its own training. Nothing is chosen for it; what
// baselines choose, they choose on training images (baseline.ts).
import { randomInit } from "../../distill/weight-source.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import { Callbacks } from "../options/callbacks.ts";
import type { JudgedTraining } from "../options/judge.ts";
import { baseline } from "./baseline.ts";
import { evaluate } from "./evaluate.ts";
import type { Judged, JudgeGiven } from "./judge-protocol.ts";

/** Judges by "paper". The images are normalised as the set is. */
export async function judgeByPaper(options: JudgeGiven): Promise<Judged> {
  const { set, train, test, model, init = randomInit(), networks, baselines = [], architectures = {} } = options;
  const { seed = 0, engine, threads, workers, signal, onProgress } = options;
  const shared = { test, networks, seed, engine, threads, workers, signal };
  const { training } = set;
  const how = training && { training, learningRate: training.learningRate };
  const described = (architecture: string, result: Evaluation): JudgedTraining => ({
    ...{ entry: "distilled", architecture, augmentation: "own", labels: "own", ...how, tried: [], test: result },
  });
  const trained = async (
    architecture: string,
    network: Pick<JudgeGiven, "model" | "init">,
  ): Promise<JudgedTraining> => {
    const what = architecture === "own" ? "distilled" : `distilled, ${architecture}`;
    const result = await evaluate({
      ...{ ...shared, set, model: network.model, init: network.init! },
      onProgress: ({ network, networks }) => onProgress?.({ stage: "testing", what, network, networks }),
    });
    return described(architecture, result);
  };
  const callbacks = new Callbacks();
  const trainings = [await trained("own", { model, init })];
  for (const [name, other] of Object.entries(architectures)) {
    trainings.push(await trained(name, { model: other, init: randomInit() }));
  }
  for (const kind of new Set(baselines)) {
    callbacks.tell(onProgress, { stage: "testing", what: kind, network: 0, networks });
    callbacks.check();
    const {
      kind: entry,
      learningRate,
      epochs: _,
      ...result
    } = await baseline({
      ...{ ...shared, kind, train, model, init, like: set },
    });
    const labels = kind === "random-soft" ? "teacher" : "own";
    trainings.push({
      ...{
        entry,
        architecture: "own",
        augmentation: "own",
        labels,
        ...(training && { training }),
        learningRate,
        tried: [],
      },
      test: result,
    });
  }
  await callbacks.settled();
  return {
    settings: { networks, init: init.kind === "pretrained" ? { kind: init.kind } : init },
    trainings,
    scores: { protocol: "paper" },
    validationImages: 0,
  };
}
