// The public names of the entry `distillate`: what a page needs that distils, and no more, because it downloads all of it.
// Readers of data are in ./data.ts, named recipes in ./recipes.ts, and what needs a file system in ./node.ts.
export type { Floats, Simd } from "./backend/backend.ts";
export { type Dataset, type DatasetSplit, type Normalization, relabelled, subset } from "./data/dataset.ts";
export { digits } from "./data/digits.ts";
export { type DatasetArrays, datasetFromArrays } from "./data/from-arrays.ts";
export { type LoadIdxOptions, loadIdx } from "./data/idx.ts";
export type { LabelOptions } from "./data/labels.ts";
export type { BaselineResult } from "./distill/baselines/baseline.ts";
export { type BaselineKind, baselineKinds } from "./distill/baselines/kinds.ts";
export type { NeighborsResult } from "./distill/baselines/nearest-neighbors.ts";
export { type AttackReport, attackReport, type Confusion } from "./distill/confusion.ts";
export type { DistilledSet } from "./distill/distilled-set.ts";
export type { Evaluation } from "./distill/evaluate.ts";
export type { DataShape } from "./distill/fit.ts";
export type { InnerOptimizer } from "./distill/inner-optimizer.ts";
export { type LinearCase, type LinearCaseOptions, linearCase, linearLowerBound } from "./distill/linear-case.ts";
export { estimateMemory, type MemoryEstimate, type MemoryOptions } from "./distill/memory.ts";
export { type BackGradientMethod, backGradient, type InitialLabels, type OuterOptions } from "./distill/method.ts";
export type { Progress } from "./distill/options.ts";
export { type Pretrained, type PretrainedPool, pretrained } from "./distill/pretrained.ts";
export type { TrajectoryMemory } from "./distill/segments.ts";
export type { Replay } from "./distill/train.ts";
export type { TrainedNetwork } from "./distill/train-on.ts";
export type { PoolNetwork, PoolProgress, TrainedPool } from "./distill/train-pool.ts";
export { fixedInit, randomInit, type WeightSource } from "./distill/weight-source.ts";
export type {
  Chance,
  Gradients,
  HessianVectorProduct,
  LabelledImages,
  MetaGradient,
  MetaGradientOptions,
} from "./engine/bound-network.ts";
export type { EngineOptions } from "./engine/engine.ts";
export { DivergedError, FormatError, ShapeError, UnsupportedError, WorkerError } from "./errors.ts";
export { type ContactSheetOptions, contactSheet } from "./formats/contact-sheet.ts";
export { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "./formats/distilled-file.ts";
export { isReproducible, setDigest } from "./formats/sha256.ts";
export { displayLevels } from "./formats/shades.ts";
export {
  parametersFromBytes,
  parametersFromSafetensors,
  parametersToSafetensors,
  type ReadStateDictOptions,
  type StateDictOptions,
} from "./formats/state-dict.ts";
export { leakyRelu, relu, sigmoid, softplus, tanh } from "./nn/activation.ts";
export { type AvgPool2dOptions, adaptiveAvgPool2d, avgPool2d } from "./nn/avg-pool2d.ts";
export { type Conv2dOptions, conv2d } from "./nn/conv2d.ts";
export { describeModel, type ModelDescription, modelFromDescription } from "./nn/describe.ts";
export { dropout } from "./nn/dropout.ts";
export type { Initializer, InitOptions, InitScheme } from "./nn/init.ts";
export type { ImageShape, Layer } from "./nn/layer.ts";
export { flatten, linear } from "./nn/linear.ts";
export { type LocalResponseNormOptions, localResponseNorm } from "./nn/local-response-norm.ts";
export type { Loss } from "./nn/loss.ts";
export { type Model, named, type Parameter, sequential } from "./nn/model.ts";
export { batchNorm2d, type GroupNormOptions, groupNorm, instanceNorm2d, type NormOptions } from "./nn/norm.ts";
export { type MaxPool2dOptions, maxPool2d } from "./nn/pool2d.ts";
export { alexCifarNet, alexNet, type ConvNetOptions, convNet, lenet, mlp } from "./nn/zoo.ts";
export {
  type BaselineOptions,
  baseline,
  type EvaluateOptions,
  evaluate,
  type NearestNeighborsOptions,
  nearestNeighbors,
  type TrainPoolOptions,
  trainPool,
} from "./orchestrator/calls.ts";
export { type Distillation, type DistillOptions, distill } from "./orchestrator/distill.ts";
export type { Abortable, BoundNetwork, Engine } from "./orchestrator/engine.ts";
export { createEngine, type Placed, type PlaceOptions } from "./orchestrator/place.ts";
export { type TrainOnOptions, trainOn } from "./orchestrator/train-on.ts";
export { version } from "./version.gen.ts";
