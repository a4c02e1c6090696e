// Carries out the plan of a protocol: chooses by validation images, settles, and then tests.
import { randomInit } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import { tuneTraining } from "../../evaluate/baselines/tune.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import { bestAugmentations, dcBenchOthers, dcBenchPlan } from "../../evaluate/protocols/dc-bench.ts";
import { type DdRankingParts, ddRankingPlan } from "../../evaluate/protocols/dd-ranking.ts";
import type { AugmentationName } from "../../evaluate/protocols/names.ts";
import { type Planned, plannedLabel, type Use } from "../../evaluate/protocols/planned.ts";
import { imagesOf, type Problem } from "../../evaluate/protocols/problem.ts";
import { averaged, ddRankingScores } from "../../evaluate/protocols/scores.ts";
import { type Candidate, type Measure, SealedTest } from "../../evaluate/protocols/sealed-test.ts";
import { shareable } from "../../workers/shared-memory.ts";
import type { Group } from "../../workers/tasks.ts";
import type { WorkerApi } from "../networks/api.ts";
import type { DcBenchScores, JudgedScores, JudgedTraining, Judgement, JudgeOptions } from "../options/judge.ts";
import { comparedWith, judgeSettings, problemOf } from "../options/judge-problem.ts";
import { evaluateSets } from "./evaluate.ts";
import { comparedDraws } from "./judge-draws.ts";

/** The options of a judgement, complete, and where it trains networks. */
export interface JudgeGiven extends Omit<JudgeOptions, "networks"> {
  readonly networks: number;
  readonly engine: Engine;
  readonly group?: Group<WorkerApi> | undefined;
}

/** A training at a learning rate. */
interface AtRate extends Candidate {
  readonly planned: Planned;
}

/** A training whose choices are made. */
interface Chosen {
  readonly planned: Planned;
  readonly candidate: AtRate;
  readonly learningRate?: number | undefined;
  readonly tried: JudgedTraining["tried"];
  readonly validation?: Evaluation | undefined;
}

/** What a protocol gives. */
export type Judged = Pick<Judgement, "settings" | "trainings" | "scores"> & { readonly validationImages: number };

/** Judges by "dc-bench" or "dd-ranking". The images are normalised as the set is. */
export async function judgeByProtocol(options: JudgeGiven, protocol: "dc-bench" | "dd-ranking"): Promise<Judged> {
  const { set, train, test, model, engine, group, seed = 0, signal } = options;
  const kinds = comparedWith(options);
  const sealed = new SealedTest<AtRate>({ train, test, set }, measureFor(options));
  const { rest, validationCount } = sealed;
  const source = { data: rest, perClass: imagesOf(set) / model.classes, draws: 5, candidates: 5, seed, signal };
  const teacher = { model, init: options.init ?? randomInit("pytorch"), seed, engine, signal };
  const draws = await comparedDraws(kinds, source, teacher);
  const sent = group ? { train: shareable(train), rest: shareable(rest) } : { train, rest };
  const problem = problemOf(options, sent, draws);
  const judged = await (protocol === "dc-bench" ? dcBench : ddRanking)(problem, sealed);
  return { ...judged, settings: judgeSettings(problem, protocol), validationImages: validationCount };
}

/** Returns what trains networks and tests them: those that choose are others than those of a figure. */
function measureFor(options: JudgeGiven): Measure<AtRate> {
  const { seed = 0, engine, group, threads, signal, onProgress, networks } = options;
  return ({ planned, label, on }, images, use) => {
    const { model, init, loss, tries } = planned;
    const choosing = use === "choose";
    return evaluateSets(
      {
        ...{ model, init, loss, test: images, seed, engine, group, threads, signal },
        purpose: choosing ? "distil" : "evaluate",
        onProgress: ({ network, networks }) =>
          onProgress?.({ stage: choosing ? "choosing" : "testing", what: label, network, networks }),
      },
      choosing ? tries : networks,
      on,
    );
  };
}

function candidateOf(planned: Planned, learningRate: number, use: Use): AtRate {
  const label = plannedLabel(planned);
  return { label, planned, on: (network) => planned.on(learningRate, network, use) };
}

/** Chooses the learning rate of a training on validation images, or only measures it there, as the plan says. */
async function choose(planned: Planned, sealed: SealedTest<AtRate>): Promise<Chosen> {
  const tried: { learningRate?: number; validation: Evaluation }[] = [];
  const usual = planned.training(0)?.learningRate;
  let chosen = usual ?? 0;
  if (planned.choice === "rate") {
    const score = async (learningRate: number): Promise<number> => {
      const validation = await sealed.validate(candidateOf(planned, learningRate, "choose"));
      tried.push({ learningRate, validation });
      return validation.mean;
    };
    chosen = (await tuneTraining([planned.passes], ({ learningRate }) => score(learningRate))).learningRate;
  } else if (planned.choice === "accuracy") {
    const validation = await sealed.validate(candidateOf(planned, chosen, "choose"));
    tried.push({ ...(usual !== undefined && { learningRate: usual }), validation });
  }
  const rate = planned.choice === "rate" ? chosen : usual;
  const validation = tried.find(({ learningRate }) => learningRate === rate)?.validation;
  return { planned, candidate: candidateOf(planned, chosen, "test"), learningRate: rate, tried, validation };
}

/** Settles all, and tests each in its order. */
async function testAll(all: readonly Chosen[], sealed: SealedTest<AtRate>): Promise<Map<Planned, JudgedTraining>> {
  sealed.settle(all.map(({ candidate }) => candidate));
  const tested = new Map<Planned, JudgedTraining>();
  for (const { planned, candidate, learningRate, tried, validation } of all) {
    const { entry, architecture, augmentation, labels } = planned;
    const training = planned.training(learningRate ?? 0);
    tested.set(planned, {
      ...{ entry, architecture, augmentation, labels },
      ...(training && { training }),
      ...(learningRate !== undefined && { learningRate }),
      tried,
      ...(validation && { validation }),
      test: await sealed.test(candidate),
    });
  }
  return tested;
}

type Figures = Pick<Judged, "trainings" | "scores">;

async function dcBench(problem: Problem, sealed: SealedTest<AtRate>): Promise<Figures> {
  const tried: Chosen[] = [];
  for (const planned of dcBenchPlan(problem)) tried.push(await choose(planned, sealed));
  const best = bestAugmentations(tried).map(({ planned }) => planned);
  const others = dcBenchOthers(problem, best);
  const all = [...tried];
  for (const planned of others) all.push(await choose(planned, sealed));
  const tested = await testAll(all, sealed);
  const testsOf = (plans: readonly Planned[]): Evaluation[] => plans.map((planned) => tested.get(planned)!.test);
  const entries = best.map((planned): DcBenchScores => {
    const own = tried.map((other) => other.planned).filter(({ entry }) => entry === planned.entry);
    const elsewhere = others.filter(({ entry }) => entry === planned.entry);
    return {
      ...{ entry: planned.entry, augmentation: planned.augmentation as AugmentationName },
      best: averaged(testsOf([planned])),
      overAugmentations: averaged(testsOf(own)),
      ...(elsewhere.length > 0 && { overArchitectures: averaged(testsOf(elsewhere)) }),
    };
  });
  return { trainings: [...tested.values()], scores: { protocol: "dc-bench", entries } };
}

async function ddRanking(problem: Problem, sealed: SealedTest<AtRate>): Promise<Figures> {
  const { parts, all } = ddRankingPlan(problem);
  const chosen: Chosen[] = [];
  for (const planned of all) chosen.push(await choose(planned, sealed));
  const tested = await testAll(chosen, sealed);
  const mean = (part: keyof DdRankingParts): number => tested.get(parts[part])!.test.mean;
  const scores: JudgedScores = {
    protocol: "dd-ranking",
    ...ddRankingScores({
      ...{ whole: mean("whole"), hard: mean("hard"), own: mean("own"), randomOwn: mean("randomOwn") },
      ...{ augmented: mean("augmented"), randomAugmented: mean("randomAugmented") },
      ...{ plain: mean("plain"), randomPlain: mean("randomPlain") },
    }),
  };
  return { trainings: [...tested.values()], scores };
}
