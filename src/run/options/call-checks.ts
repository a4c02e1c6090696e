// Checks each option of a call by itself; the engine checks its own options. These checks are apart from the code that
// computes, so that a page can check a call without loading that code.
// A page's worker has a stand-in for this module (scripts/build-page.mjs), because the page has checked already. So code here
// may neither change nor fill in what it is given.

import {
  type Check,
  callback,
  flag,
  floats,
  listOf,
  number,
  oneOf,
  optional,
  signal,
  whole,
} from "../../checks/checks.ts";
import { checksOf } from "../../checks/declare.ts";
import { type Checks, thing } from "../../checks/options.ts";
import { outOfRange, wrongKind } from "../../checks/refusal.ts";
import { augmentCheck } from "../../data/augment-options.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import { shapeCheck } from "../../data/options.ts";
import { checkDistilledSet } from "../../distill/check-set.ts";
import { checkImagesChoice } from "../../distill/image-options.ts";
import { checkMethod } from "../../distill/methods/known.ts";
import { checkOwnMethod } from "../../distill/methods/own.ts";
import { adamChecks, checkOuter, poolRule } from "../../distill/outer-options.ts";
import { checkRunState } from "../../distill/run-state.ts";
import { checkFit } from "../../distill/training.ts";
import { checkWeightSource } from "../../distill/weight-source.ts";
import { elsewhereCheck } from "../../engine/elsewhere.ts";
import type { Counts } from "../../evaluate/baselines/draws.ts";
import { imageKindCheck, kindCheck } from "../../evaluate/baselines/kinds.ts";
import type { EvaluateOptions } from "../../evaluate/evaluation.ts";
import { augmentationNames, protocolCheck } from "../../evaluate/protocols/names.ts";
import type { Replay } from "../../evaluate/trainer.ts";
import { innerOptimizerChecks } from "../../inner/inner-optimizer.ts";
import { isPlainObject } from "../../kinds.ts";
import { checkLoss } from "../../nn/loss.ts";
import { checkModel } from "../../nn/model.ts";
import { seedCheck } from "../../numeric/random.ts";
import { workersCheck } from "../../workers/options.ts";
import type { BaselineOptions } from "./baseline.ts";
import type { DistillOptions } from "./distill.ts";
import type { JudgeOptions } from "./judge.ts";
import type { NearestNeighborsOptions } from "./nearest-neighbors.ts";
import type { TrainOnOptions } from "./train-on.ts";
import type { TrainPoolOptions } from "./train-pool.ts";
import type { VerifyOptions } from "./verify.ts";

const replayChecks: Checks<Replay> = {
  order: optional(oneOf("learned", "shuffled")),
  epochs: optional(whole(0)),
};

const sourceChecks: Checks<Counts> = { draws: optional(whole(1)), candidates: optional(whole(1)) };

export const distillChecks: Checks<Omit<DistillOptions, "engine" | "threads">> = {
  data: checkDataset,
  augment: optional(augmentCheck),
  model: checkModel,
  method: checkMethod,
  init: optional(checkWeightSource),
  loss: optional(checkLoss),
  images: optional(checkImagesChoice),
  networksPerStep: optional(whole(1)),
  outer: optional(checkOuter),
  seed: optional(seedCheck),
  resume: optional(checkRunState),
  workers: optional(workersCheck),
  networks: optional(elsewhereCheck),
  memoryLimit: optional(number("a number of bytes > 0", (bytes) => bytes > 0)),
  signal: optional(signal),
  onProgress: optional(callback),
};

export const evaluateChecks: Checks<Omit<EvaluateOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  ...replayChecks,
  set: checkDistilledSet,
  model: checkModel,
  init: checkWeightSource,
  loss: optional(checkLoss),
  networks: optional(whole(1)),
  test: checkDataset,
  perClass: optional(flag),
  seed: optional(seedCheck),
  workers: optional(workersCheck),
  on: optional(elsewhereCheck),
  signal: optional(signal),
  onProgress: optional(callback),
}))();

export const verifyChecks: Checks<Omit<VerifyOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  set: checkDistilledSet,
  data: checkDataset,
  init: optional(checkWeightSource),
  method: optional(checkOwnMethod),
  workers: optional(workersCheck),
  signal: optional(signal),
  onProgress: optional(callback),
}))();

export const trainOnChecks: Checks<Omit<TrainOnOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  ...replayChecks,
  model: checkModel,
  parameters: optional(floats),
  init: optional(checkWeightSource),
  loss: optional(checkLoss),
  seed: optional(seedCheck),
}))();

export const trainPoolChecks: Checks<Omit<TrainPoolOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  ...adamChecks,
  ...checksOf(poolRule),
  data: checkDataset,
  test: optional(checkDataset),
  model: checkModel,
  networks: whole(1),
  epochs: whole(1),
  batch: optional(whole(1)),
  augment: optional(augmentCheck),
  init: optional(checkWeightSource),
  loss: optional(checkLoss),
  seed: optional(seedCheck),
  pool: optional(oneOf("train", "test")),
  keepEpochs: optional(flag),
  only: optional(listOf("an array of numbers of networks", whole(0))),
  workers: optional(workersCheck),
  on: optional(elsewhereCheck),
  signal: optional(signal),
  onNetwork: optional(callback),
  onProgress: optional(callback),
}))();

const sizesCheck: Check = thing("a distilled set, or its sizes", {
  steps: whole(1),
  imagesPerStep: whole(1),
  training: optional(checkFit),
  ...innerOptimizerChecks,
});

/** Checks what baselines are to be like. A protocol of training says the epochs itself. */
const checkLike: Check = (name, value) => {
  sizesCheck(name, value);
  const { training, epochs } = value as BaselineOptions["like"];
  whole(training ? 0 : 1)(`${name}.epochs`, epochs);
};

export const baselineChecks: Checks<Omit<BaselineOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  kind: kindCheck,
  train: checkDataset,
  // Its arrays are not checked, because nothing looks at them before everything is chosen.
  test: shapeCheck,
  model: checkModel,
  init: checkWeightSource,
  tuningInit: optional(checkWeightSource),
  like: checkLike,
  loss: optional(checkLoss),
  networks: whole(1),
  epochs: optional(listOf("an array of numbers of epochs", whole(1))),
  ...sourceChecks,
  seed: optional(seedCheck),
  workers: optional(workersCheck),
  on: optional(elsewhereCheck),
  signal: optional(signal),
}))();

/** Checks for at least one element. */
const someOf =
  (expected: string, element: Check): Check =>
  (name, value) => {
    listOf(expected, element)(name, value);
    if ((value as readonly unknown[]).length === 0) throw outOfRange(name, expected, value);
  };

const architecturesCheck: Check = (name, value) => {
  if (!isPlainObject(value)) throw wrongKind(name, "an object of models by their names", value);
  for (const [network, model] of Object.entries(value)) checkModel(`${name}.${network}`, model);
  if (Object.hasOwn(value, "own"))
    throw outOfRange(name, 'other names than "own", which is the network of the set', value);
};

export const judgeChecks: Checks<Omit<JudgeOptions, "engine" | "threads">> = /* @__PURE__ */ (() => ({
  set: checkDistilledSet,
  protocol: protocolCheck,
  train: checkDataset,
  test: checkDataset,
  model: checkModel,
  init: optional(checkWeightSource),
  networks: optional(whole(1)),
  epochs: optional(whole(1)),
  wholeEpochs: optional(whole(1)),
  optimizer: optional(oneOf("sgd", "adam")),
  augmentations: optional(someOf("an array of names of augmentations", oneOf(...augmentationNames))),
  baselines: optional(listOf("an array of kinds of baselines", kindCheck)),
  architectures: optional(architecturesCheck),
  seed: optional(seedCheck),
  workers: optional(workersCheck),
  on: optional(elsewhereCheck),
  signal: optional(signal),
  onProgress: optional(callback),
}))();

const checkPower: Check = (name, value) => {
  if (value !== Number.POSITIVE_INFINITY) whole(1)(name, value);
};
const checkPoints: Check = (name, value) =>
  (typeof value === "string" ? imageKindCheck : checkDistilledSet)(name, value);

export const nearestNeighborsChecks: Checks<Omit<NearestNeighborsOptions, "engine">> = /* @__PURE__ */ (() => ({
  points: checkPoints,
  train: checkDataset,
  test: checkDataset,
  perClass: optional(whole(1)),
  k: optional(whole(1)),
  p: optional(checkPower),
  ...sourceChecks,
  seed: optional(seedCheck),
  signal: optional(signal),
}))();
