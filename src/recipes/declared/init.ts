// The source of a recipe's initial weights.
import {
  type Asked,
  asked,
  type Complete,
  type Filled,
  filled,
  flag,
  type Kind,
  type Open,
  open,
  whole,
  withDefaults,
  word,
} from "../../checks/declare.ts";
import { object, variants } from "../../checks/read.ts";
import { poolAdam, poolRule } from "../../distill/outer-options.ts";
import { type InitScheme, initOptions } from "../../nn/init.ts";
import { dataKind, type RecipeData } from "./data.ts";
import { path } from "./kinds.ts";

const scheme = word(
  ...(["normal", "xavier-normal", "xavier-uniform", "kaiming-fan-in", "kaiming-fan-out"] as const),
  ...(["orthogonal", "pytorch"] as const),
);

/** How random weights are drawn. */
const drawnOptions = {
  /** How weights are drawn. */
  scheme: filled(scheme, "xavier-normal", { help: "how the weights are drawn" }) as Filled<InitScheme>,
  gain: initOptions.gain as Open<number>,
  std: initOptions.std as Open<number>,
};

const fixedOptions = {
  /** The seed that makes the network; by default that of the run. */
  seed: open(whole(0), { help: "which seed makes the network; by default that of the run" }) as Open<number>,
};

const poolNetworks = whole(1, 9999);

/** How the networks of a pool are trained, and on what. */
export const trainingOptions = {
  /** The images that the networks are trained on. */
  data: asked(dataKind, { help: "which images the networks are trained on" }) as Asked<RecipeData>,
  /** The number of networks to distil for. */
  networks: filled(poolNetworks, 200, {
    help: "how many networks are trained, to distil for",
    flag: "--networks <n>",
  }) as Filled<number>,
  /** The number of networks to evaluate on; 0 for none. */
  testNetworks: filled(whole(0, 9999), 20, {
    help: "how many more networks are trained, to evaluate on; 0 for none",
    flag: "--test-networks <n>",
  }) as Filled<number>,
  /** The number of passes over the images. */
  epochs: filled(whole(1), 40, {
    help: "how many passes a network makes over the images that it is trained on",
    flag: "--epochs <n>",
  }) as Filled<number>,
  /** The images of a step. */
  batch: filled(whole(1), 1024, {
    help: "how many images a step looks at",
    flag: "--batch <n>",
  }) as Filled<number>,
  optimizer: poolRule.optimizer as Open<"adam" | "sgd">,
  momentum: poolRule.momentum as Open<number>,
  /** The step size. */
  learningRate: open(poolAdam.learningRate.kind, {
    help: "at which learning rate the networks are trained; by default 0.0002 for adam and 0.01 for sgd",
    flag: "--learning-rate <x>",
  }) as Open<number>,
  /** The passes between two decays. */
  decayEvery: filled(poolAdam.decayEvery.kind, poolAdam.decayEvery.default!, {
    help: "how many passes lie between two decays of the learning rate",
    flag: "--decay-every <n>",
  }) as Filled<number>,
  /** The factor of each decay. */
  decayFactor: filled(poolAdam.decayFactor.kind, poolAdam.decayFactor.default!, {
    help: "which factor each decay applies to the learning rate",
    flag: "--decay-factor <x>",
  }) as Filled<number>,
  /** Whether the weights of each epoch are kept. */
  keepEpochs: filled(flag, false, {
    help: "keeps the weights of each network before its training and after each pass too, for trajectory matching",
    flag: "--keep-epochs",
  }) as Filled<boolean>,
};

/** How the networks of a pool are trained, and on what. */
export interface PoolTraining extends Complete<typeof trainingOptions> {}

const poolOptions = {
  /** The folder of a pool that `distillate train` made, or the file of one network. */
  pool: asked(path, {
    help: "where the trained networks are: the folder of a pool of `distillate train`, or the file of one network",
  }) as Asked<string>,
  /** The networks to evaluate on; by default the same pool. */
  testPool: open(path, {
    help: "where the networks to evaluate on are; by default the same pool",
  }) as Open<string>,
  /** The number of networks used, from the first of the pool; by default all. */
  networks: open(poolNetworks, {
    help: "how many networks of the pool are used, from its first; by default all",
  }) as Open<number>,
  /** Makes the last layer of the network in a file new, with weight 0 and bias 1. */
  freshLastLayer: open(flag, {
    help: "makes the last layer of the network in a file new, with weight 0 and bias 1",
  }) as Open<boolean>,
  /** How to train the pool, if it can be trained here. */
  training: open(object(trainingOptions) as Kind<PoolTraining>, {
    help: "how `distillate train` makes the networks, if it can make them",
  }) as Open<PoolTraining>,
};

/** Networks that were trained before. */
export interface RecipePool extends Complete<typeof poolOptions> {
  readonly kind: "pretrained";
}

const expertOptions = {
  /** The folder of a pool that `distillate train` made, with the weights of each epoch. */
  pool: asked(path, {
    help: "where the experts are: the folder of a pool of `distillate train --keep-epochs`",
  }) as Asked<string>,
  scheme: drawnOptions.scheme as Filled<InitScheme>,
  gain: drawnOptions.gain as Open<number>,
  std: drawnOptions.std as Open<number>,
  /** How to train the pool. */
  training: open(object(withDefaults(trainingOptions, { testNetworks: 0, keepEpochs: true })) as Kind<PoolTraining>, {
    help: "how `distillate train` makes the experts, if it can make them",
  }) as Open<PoolTraining>,
};

/** Networks whose training is matched, and random ones that begin like them. */
export interface RecipeExperts extends Complete<typeof expertOptions> {
  readonly kind: "experts";
}

/** The source of initial weights. Without a seed, that of the run makes the fixed network. */
export type RecipeInit =
  | ({ readonly kind: "random" } & Complete<typeof drawnOptions>)
  | ({ readonly kind: "fixed" } & Complete<typeof drawnOptions> & Complete<typeof fixedOptions>)
  | RecipePool
  | RecipeExperts;

export const initKind: Kind<RecipeInit> = variants("an object with a kind", "kind", {
  random: drawnOptions,
  fixed: { ...drawnOptions, ...fixedOptions },
  pretrained: poolOptions,
  experts: expertOptions,
});
