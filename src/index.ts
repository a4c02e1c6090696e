// The entry `distillate`: only the names that a page needs to distil, because it downloads all of them.
// Readers of data are in ./data.ts, named recipes in ./recipes.ts, tools for own algorithms in ./algorithm.ts, and what needs a file system in ./node.ts.

export type { Simd } from "./backend/backend.ts";
export type { Floats } from "./backend/buffer.ts";
export type { Dataset, DatasetSplit, Normalization } from "./data/dataset.ts";
export { type DatasetArrays, datasetFromArrays } from "./data/from-arrays.ts";
export type { LabelOptions } from "./data/labels.ts";
export { digits } from "./data/layouts/digits.ts";
export { type LoadIdxOptions, loadIdx } from "./data/layouts/idx.ts";
export { relabelled, subset } from "./data/subsets.ts";
export { isReproducible, setDigest } from "./distill/digest.ts";
export type { DistilledSet } from "./distill/distilled-set.ts";
export { DivergedError } from "./distill/diverged-error.ts";
export { type ExpertPool, type Experts, experts, type Trajectory } from "./distill/experts.ts";
export type { DataShape } from "./distill/fit.ts";
export { type LinearCase, type LinearCaseOptions, linearCase, linearLowerBound } from "./distill/linear-case.ts";
export type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun, Share } from "./distill/method.ts";
export * from "./distill/methods/options.ts";
export type { OwnMethod } from "./distill/methods/own.ts";
export type { OuterOptions } from "./distill/outer-options.ts";
export type { Halving, RunState } from "./distill/run-state.ts";
export type { SyntheticImages } from "./distill/synthetic.ts";
export type { MethodTools } from "./distill/tools.ts";
export type { FitOptions, FitTraining } from "./distill/training.ts";
export type { PoolNetwork } from "./distill/weight-source.ts";
export {
  fixedInit,
  type Pretrained,
  type PretrainedPool,
  pretrained,
  randomInit,
  type WeightSource,
} from "./distill/weight-source.ts";
export type { EngineOptions } from "./engine/engine.ts";
export type {
  Chance,
  FeaturesInput,
  HessianVectorProductsInput,
  LabelledImages,
  MetaGradientOptions,
} from "./engine/passes.ts";
export { FormatError, ShapeError, UnsupportedError, WorkerError } from "./errors.ts";
export { type AttackReport, attackReport } from "./evaluate/attack-report.ts";
export { type BaselineKind, baselineKinds, type ImageKind } from "./evaluate/baselines/kinds.ts";
export type { Confusion } from "./evaluate/confusion.ts";
export type { Evaluation } from "./evaluate/evaluation.ts";
export { type AugmentationName, type ProtocolName, protocolNames } from "./evaluate/protocols/names.ts";
export type { Replay } from "./evaluate/trainer.ts";
export { type ContactSheetOptions, contactSheet } from "./formats/contact-sheet.ts";
export { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "./formats/distilled-file.ts";
export { displayLevels } from "./formats/shades.ts";
export {
  parametersFromBytes,
  parametersFromSafetensors,
  parametersToSafetensors,
  type ReadStateDictOptions,
  type StateDictOptions,
} from "./formats/state-dict.ts";
export type { AugmentStrategy } from "./inner/augment-strategies.ts";
export type { InnerOptimizer } from "./inner/inner-optimizer.ts";
export type { TrajectoryMemory } from "./inner/segments.ts";
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
export { alexCifarNet, alexNet, type ConvNetOptions, convNet, lenet, mlp, vgg11 } from "./nn/zoo.ts";
export {
  type BaselineOptions,
  baseline,
  type EvaluateOptions,
  evaluate,
  type JudgeOptions,
  judge,
  type NearestNeighborsOptions,
  nearestNeighbors,
  type TrainPoolOptions,
  trainPool,
  type VerifyOptions,
  verify,
} from "./run/calls.ts";
export { type Distillation, type DistillOptions, distill } from "./run/distill.ts";
export type { BaselineResult } from "./run/options/baseline.ts";
export type { Progress } from "./run/options/distill.ts";
export type {
  DcBenchScores,
  JudgedEntry,
  JudgedScores,
  JudgedTraining,
  Judgement,
  JudgeProgress,
} from "./run/options/judge.ts";
export { estimateMemory, type MemoryEstimate, type MemoryOptions } from "./run/options/memory.ts";
export type { NeighborsResult } from "./run/options/nearest-neighbors.ts";
export type { TrainedNetwork } from "./run/options/train-on.ts";
export type { PoolProgress, TrainedPool } from "./run/options/train-pool.ts";
export type { Verification } from "./run/options/verify.ts";
export type {
  Abortable,
  BoundNetwork,
  Engine,
  FeatureGradients,
  Gradients,
  HessianVectorProduct,
  MetaGradient,
} from "./run/orchestrator/interfaces.ts";
export { createEngine, type Placed, type PlaceOptions } from "./run/place.ts";
export { type TrainOnOptions, trainOn } from "./run/train-on.ts";
export { version } from "./version.gen.ts";
