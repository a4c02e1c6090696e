// The public names. What needs a file system is in ./node.ts.
export type { Floats, Simd } from "./backend/backend.ts";
export { filesInArchive } from "./data/archive.ts";
export { type LoadArraysOptions, loadArrays } from "./data/arrays.ts";
export { type Augmentation, AugmentedBatches, augmented, type ResizedCropRanges } from "./data/augment.ts";
export { type CifarLabels, type LoadCifarOptions, loadCifar } from "./data/cifar.ts";
export { type ImageFolderOptions, loadCifarJpeg, loadImageFolder } from "./data/class-folders.ts";
export { type ClassSplitOptions, splitByClass } from "./data/class-split.ts";
export { resized, toGrey, toRgb } from "./data/convert.ts";
export { loadCub } from "./data/cub.ts";
export type { ByteSource, DataFile } from "./data/data-file.ts";
export { type Dataset, type DatasetSplit, type Normalization, subset } from "./data/dataset.ts";
export { decodeImage } from "./data/decode-image.ts";
export { digits } from "./data/digits.ts";
export { type LoadIdxOptions, loadIdx } from "./data/idx.ts";
export { loadIdxFiles } from "./data/idx-files.ts";
export type { ImageOptions } from "./data/image-set.ts";
export { datasetFromFiles, type LoadDatasetOptions } from "./data/layouts.ts";
export type { DecodeOptions, Raster } from "./data/raster.ts";
export type { Fit } from "./data/resize.ts";
export { type LoadUspsOptions, loadUsps } from "./data/usps.ts";
export { loadVoc } from "./data/voc.ts";
export type { BaselineResult } from "./distill/baselines/baseline.ts";
export { type BaselineKind, baselineKinds } from "./distill/baselines/draws.ts";
export type { NeighborsResult } from "./distill/baselines/nearest-neighbors.ts";
export type { DistilledSet } from "./distill/distilled-set.ts";
export type { Evaluation } from "./distill/evaluate.ts";
export type { DataShape } from "./distill/fit.ts";
export type { InnerOptimizer } from "./distill/inner-optimizer.ts";
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
export { type RecipeOptions, recipeOptions } from "./recipes/options.ts";
export { parseRecipe, recipeFromBytes } from "./recipes/parse.ts";
export type {
  Attack,
  PaperFigure,
  PoolTraining,
  Recipe,
  RecipeData,
  RecipeInit,
  RecipeModel,
  RecipePool,
} from "./recipes/recipe.ts";
export { findRecipe, type RecipeGroup, recipeGroups, recipes } from "./recipes/recipes.ts";
export { version } from "./version.gen.ts";
