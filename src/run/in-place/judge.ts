// Judges a set by a protocol: fresh networks trained on it and on baselines by the same rules. Everything that a protocol chooses, it
// chooses by training images that are held back; the test images are sealed until all is settled (docs/protocols.md).
import { checkValues } from "../../checks/options.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { lossOf } from "../../distill/distilled-set.ts";
import { checkImages, checkSet, checkTest, checkTraining } from "../../distill/fit.ts";
import { setStorage } from "../../distill/storage.ts";
import { checkInit } from "../../distill/weight-source.ts";
import { createEngine } from "../../engine/engine.ts";
import { inexact } from "../../engine/inexact.ts";
import { WorkerGroup } from "../../workers/group.ts";
import { groupOptions, usesWorkers } from "../../workers/options.ts";
import type { Group } from "../../workers/tasks.ts";
import type { WorkerApi } from "../networks/api.ts";
import { judgeChecks } from "../options/call-checks.ts";
import type { Judgement, JudgeOptions } from "../options/judge.ts";
import { checkProtocolOptions, comparedWith, judgedNetworks } from "../options/judge-problem.ts";
import { checkSameClasses } from "./baseline.ts";
import { judgeByPaper } from "./judge-paper.ts";
import { judgeByProtocol } from "./judge-protocol.ts";

/**
 * Judges a set by a protocol:
 *
 * - `"paper"`: networks train as the set says itself, by its learned rates or its own training; nothing is chosen;
 * - `"dc-bench"`: SGD or Adam as DC-BENCH has them, with and without augmentation; the augmentation is chosen;
 * - `"dd-ranking"`: the scores of DD-Ranking; every learning rate is chosen.
 *
 * Choices are made by a tenth of the training images. Figures are those of networks after their last step, and a network that is
 * tested has made no choice. All seeds are in the result, and the same options give the same result on any number of threads and
 * workers.
 *
 * @throws TypeError or RangeError that names the field for invalid options, or data whose fields do not fit; ShapeError when set,
 * networks and images do not fit each other; the signal's reason when aborted; WorkerError when workers died.
 * @example
 * const { scores } = await judge({ set, protocol: "dc-bench", model: lenet(), train, test, baselines: ["k-means"] });
 */
export async function judge(options: JudgeOptions): Promise<Judgement> {
  checkValues(options, judgeChecks);
  checkProtocolOptions(options);
  const { set, protocol, model, threads = "auto", architectures = {}, seed = 0 } = options;
  for (const network of [model, ...Object.values(architectures)]) checkSet(set, network);
  if (options.init) checkInit(options.init, model);
  checkSameWhitening("train", seenOf(options.train), set, "the set");
  checkSameWhitening("test", seenOf(options.test), set, "the set");
  // Images become what those of the set are, because networks learn nothing else.
  const { mean, std } = set;
  const [train, test] = [
    { ...options.train, mean, std },
    { ...options.test, mean, std },
  ];
  checkImages("train", train, model);
  checkTest(test, model);
  if (protocol !== "paper" || (options.baselines ?? []).length > 0) {
    checkTraining("train", { ...train, absentClasses: [] }, model);
    checkSameClasses(train, model);
    comparedWith({ ...options, train });
  }
  const networks = judgedNetworks(options);
  const engine = options.engine ?? (await createEngine({ threads: usesWorkers(options) ? 1 : threads }));
  // A GPU that is lost for good gives way to the kernels, and what it computed counts all the same.
  const begunOn = inexact(engine);
  let group: Group<WorkerApi> | undefined;
  try {
    if (usesWorkers(options) && protocol !== "paper") {
      group = await WorkerGroup.start<WorkerApi>(groupOptions(options, networks));
    }
    const given = { ...options, train, test, networks, engine, group };
    const judged = protocol === "paper" ? await judgeByPaper(given) : await judgeByProtocol(given, protocol);
    const { validationImages, ...rest } = judged;
    const made = set.recipe.seed;
    return {
      protocol,
      ...rest,
      seeds: {
        ...(Number.isSafeInteger(made) && { set: made as number }),
        ...{ judgement: seed, networks: Array.from({ length: networks }, (_, k) => k) },
      },
      data: {
        ...{ train: train.name, test: test.name },
        ...{ trainImages: train.count, validationImages, testImages: test.count },
      },
      storage: setStorage(set),
      loss: lossOf(set),
      ...begunOn,
      ...inexact(engine),
    };
  } finally {
    await group?.dispose();
    if (!options.engine) await engine.dispose();
  }
}
