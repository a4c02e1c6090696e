// Every public function, called wrongly in every way of a list: the error is a TypeError or RangeError of the one shape,
// `"name" expected X, got Y`, and never one from within. The table must hold every export, or a test fails.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import * as algorithm from "../src/algorithm.ts";
import * as checkpoint from "../src/checkpoint.ts";
import * as machines from "../src/cluster.ts";
import { writeNpz } from "../src/codecs/npz.ts";
import * as data from "../src/data.ts";
import * as index from "../src/index.ts";
import * as node from "../src/node.ts";
import * as recipes from "../src/recipes.ts";
import { brightHalves, halvesNet } from "./distill/halves.ts";

const folder = mkdtempSync(join(tmpdir(), "distillate-wrong-calls-"));
const path = (name: string): string => join(folder, name);

/** What is given in the place of each argument and each option. */
const wrongValues: readonly unknown[] = [undefined, null, {}, 0, "x", [], Number.NaN, () => {}, Symbol("x"), 2 ** 60];

/** An argument of a call that is right, and which of the wrong values would be right, too. */
interface Argument {
  readonly value: unknown;
  readonly takes: readonly unknown[];
  /** The options without a default, and for each option which of the wrong values would be right. */
  readonly options?: { readonly required: readonly string[]; readonly takes: Readonly<Record<string, unknown[]>> };
}

function argument(value: unknown, ...takes: unknown[]): Argument {
  return { value, takes };
}

const string = (value: string): Argument => argument(value, "x");

/** Options, of which the first names are required. They may be left out where none is. */
function options(
  value: object,
  { required = "", takes = {} }: { required?: string; takes?: Readonly<Record<string, unknown[]>> } = {},
): Argument {
  const names = required.split(" ").filter((name) => name !== "");
  return { value, takes: names.length === 0 ? [undefined, {}] : [], options: { required: names, takes } };
}

interface Call {
  readonly call: (...args: never[]) => unknown;
  readonly args: readonly Argument[];
}

const model = halvesNet();
const set4 = brightHalves({ count: 12 });
const shape = { channels: 1, height: 6, width: 6 };
const method = index.backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
const parameters = new Float32Array(model.parameterCount).fill(0.01);
const engine = await index.createEngine({ threads: 1, worker: false });
const remote = await index.createEngine({ threads: 1, worker: true });
afterAll(async () => {
  await engine.dispose();
  await remote.dispose();
  rmSync(folder, { recursive: true });
});
const ended = index.distill({ data: set4, model, method, outer: { steps: 0 }, engine });
const set = await ended.result();
const state = await ended.state();
const init = index.randomInit();
const signal = new AbortController().signal;
const nothing = (): void => {};
const networks = { here: await engine.bind(model), there: await remote.bind(model) };
const trained = {
  here: await index.trainOn(set, { model, engine }),
  there: await index.trainOn(set, { model, engine: remote }),
};
const split = { train: set4, test: set4 };
const safetensors = index.distilledToSafetensors(set);
const stateDict = index.parametersToSafetensors(model, parameters);
await node.saveDistilled(path("set.npz"), set);
await node.saveCheckpoint(path("run.safetensors"), state);
await node.writeFileAtomic(path("net.safetensors"), stateDict);
const foreignFiles = [
  {
    path: "foreign.npz",
    bytes: writeNpz([
      ["images", { shape: [2, 1, 2], data: Float32Array.of(0, 1, 1, 0) }],
      ["labels", { shape: [2], data: Uint8Array.of(0, 1) }],
    ]),
  },
];
await node.writeFileAtomic(path("foreign.npz"), foreignFiles[0]!.bytes);
const foreignOptions = options(
  {
    entry: "",
    layout: "NCHW",
    classes: 2,
    labels: "classes",
    normalization: "pixels",
    standardize: "pixels",
    factor: 1,
    training: {},
  },
  { takes: { entry: ["x"], training: [{}] } },
);
const pool = { data: set4, model, networks: 1, epochs: 1 };
await node.trainPoolFolder(path("pool"), { ...pool, engine: engine as never });

const dataset = argument(set4);
const whitening = await data.zca(set4);
const theModel = argument(model);
const theSet = argument(set);
/** What both readers of a file of weights take. */
const weightsOfFile = [
  argument(stateDict),
  theModel,
  options(
    { name: "x", freshLastLayer: true, names: undefined },
    { required: "name", takes: { name: ["x"], names: [[], undefined] } },
  ),
];
/** Options that say where a call runs. */
const place = { engine, threads: 1, worker: false, onNotice: nothing };
const run = { ...place, workers: 0, seed: 1, signal };
const { seed: _, ...runWithoutSeed } = run;
const runTakes = { engine: [undefined], workers: [0], seed: [0], threads: [], worker: ["x", nothing] };
/** A number of these is read as one. */
const functions = wrongValues.filter((value) => typeof value === "function");
const common = { takes: { ...runTakes, worker: ["x", ...functions], onNotice: functions, onProgress: functions } };
const files = [{ path: "x.txt", bytes: new Uint8Array(1) }];
const readTakes = {
  labelsFrom: [0],
  onNotice: functions,
  name: ["x"],
  source: ["x"],
  seed: [0],
  decode: functions,
  onProgress: functions,
  mean: [[]],
  std: [[]],
};
const reading = options(
  {
    name: "mine",
    source: "there",
    size: 8,
    fit: "cover",
    channels: 1,
    signal,
    onProgress: nothing,
    testShare: 0.5,
    seed: 1,
    mean: [0],
    std: [1],
    cifar100Labels: "fine",
    labelsFrom: 0,
    onNotice: nothing,
  },
  { takes: readTakes },
);
const readers = (call: Call["call"]): Call => ({ call, args: [argument(files, []), reading] });
const fromArrays: Call = {
  call: index.datasetFromArrays,
  args: [
    options(
      {
        pixels: set4.pixels,
        labels: set4.labels,
        shape: [1, 6, 6],
        classes: 3,
        classNames: ["a", "b", "c"],
        absentClasses: [],
        name: "x",
        mean: [0],
        std: [1],
        labelsFrom: 0,
      },
      { required: "pixels labels shape", takes: { absentClasses: [[]], name: ["x"], labelsFrom: [0] } },
    ),
  ],
};
const evaluation = await index.evaluate({ set, model, init: index.fixedInit(1), test: set4, engine, perClass: true });
const input = { parameters, images: new Float32Array(36), targets: Uint8Array.of(0) };
const steps = [{ images: input.images, targets: input.targets }];

/** The calls of a network. Whatever one of them has no use for is passed over. */
function networkCalls(network: typeof networks.here): Record<string, Call> {
  const call = (name: keyof Omit<typeof network, "model">) => ((given: never) => network[name](given)) as Call["call"];
  const dropoutSeed = [0];
  return {
    forward: {
      call: call("forward"),
      args: [options({ parameters, images: input.images, signal }, { required: "parameters images" })],
    },
    gradients: {
      call: call("gradients"),
      args: [
        options(
          { ...input, dropoutSeed: 1, signal },
          { required: "parameters images targets", takes: { dropoutSeed } },
        ),
      ],
    },
    hessianVectorProduct: {
      call: call("hessianVectorProduct"),
      args: [
        options(
          { ...input, vector: parameters, dropoutSeed: 1, signal },
          { required: "parameters images targets vector", takes: { dropoutSeed } },
        ),
      ],
    },
    hessianVectorProducts: {
      call: call("hessianVectorProducts"),
      args: [
        options(
          { ...input, vectors: [parameters], dropoutSeed: 1, signal },
          { required: "parameters images targets vectors", takes: { dropoutSeed } },
        ),
      ],
    },
    features: {
      call: call("features"),
      args: [
        options(
          { parameters, images: input.images, layer: 1, signal },
          { required: "parameters images", takes: { layer: [0] } },
        ),
      ],
    },
    featureGradients: {
      call: call("featureGradients"),
      args: [
        options(
          { parameters, images: input.images, layer: 0, cotangents: new Float32Array(4 * 36), signal },
          { required: "parameters images cotangents", takes: { layer: [0] } },
        ),
      ],
    },
    metaGradient: {
      call: call("metaGradient"),
      args: [
        options(
          {
            parameters,
            steps,
            epochs: 1,
            learningRates: [0.1],
            momentum: 0.5,
            weightDecay: 0.1,
            real: steps[0],
            memory: "store",
            dropoutSeed: 1,
            signal,
          },
          {
            required: "parameters steps learningRates real",
            takes: { dropoutSeed, momentum: [0], weightDecay: [0, 2 ** 60], memory: [2 ** 60] },
          },
        ),
      ],
    },
  };
}

const batches = new data.AugmentedBatches(set4, {});
const key = { seed: [1, 2] as [number, number], stream: 0 };
const layer = { takes: { padding: [0] } };
const outer = {
  learningRate: 0.1,
  beta1: 0.5,
  beta2: 0.9,
  eps: 1e-8,
  decayEvery: 1,
  decayFactor: 0.5,
  clip: 1,
  batch: 4,
  steps: 1,
};
const idx = { images: new Uint8Array(1), labels: new Uint8Array(1) };
const parsed = recipes.findRecipe("digits-fixed");

/** In both entries. */
const checkpointCalls = {
  loadCheckpoint: { call: node.loadCheckpoint, args: [argument(path("run.safetensors"), "x")] },
  saveCheckpoint: {
    call: node.saveCheckpoint,
    args: [argument(path("run.safetensors"), "x"), argument(state), argument({}, undefined, {})],
  },
};

const table: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  index: {
    adaptiveAvgPool2d: { call: index.adaptiveAvgPool2d, args: [options({ out: 1 }, { required: "out" })] },
    alexCifarNet: { call: index.alexCifarNet, args: [options({ classes: 2 })] },
    alexNet: { call: index.alexNet, args: [options({ classes: 2, dropout: true }, { required: "classes" })] },
    attackReport: { call: index.attackReport, args: [argument(evaluation), argument(0, 0), argument(1, 0)] },
    avgPool2d: {
      call: index.avgPool2d,
      args: [options({ kernel: 2, stride: 1, padding: 1 }, { required: "kernel", ...layer })],
    },
    backGradient: {
      call: index.backGradient,
      args: [
        options(
          {
            steps: 1,
            epochs: 1,
            imagesPerStep: 2,
            labels: "fixed",
            initialLabels: "even",
            shuffle: true,
            learningRate: 0.1,
            initialNoise: 1,
            momentum: 0.5,
            weightDecay: 0.1,
            memory: "store",
          },
          {
            required: "steps epochs imagesPerStep",
            takes: {
              steps: [],
              initialLabels: [[]],
              initialNoise: [0],
              momentum: [0],
              weightDecay: [0, 2 ** 60],
              memory: [2 ** 60],
            },
          },
        ),
      ],
    },
    baseline: {
      call: index.baseline,
      args: [
        options(
          {
            kind: "random-real",
            train: set4,
            test: set4,
            model,
            init,
            tuningInit: init,
            like: set,
            loss: "mse",
            networks: 1,
            epochs: [1],
            draws: 1,
            candidates: 1,
            ...run,
          },
          { required: "kind train test model init like networks", takes: { ...common.takes, epochs: [[]] } },
        ),
      ],
    },
    batchNorm2d: { call: index.batchNorm2d, args: [options({ affine: true, eps: 1 }, { takes: { eps: [2 ** 60] } })] },
    contactSheet: { call: index.contactSheet, args: [theSet, options({ scale: 1, range: "set" })] },
    conv2d: {
      call: index.conv2d,
      args: [options({ out: 1, kernel: 1, stride: 1, padding: 1, bias: true }, { required: "out kernel", ...layer })],
    },
    convNet: {
      call: index.convNet,
      args: [
        options(
          { input: [1, 8, 8], classes: 2, depth: 1, width: 4, norm: "none", activation: "relu", pooling: "avg" },
          { required: "input classes" },
        ),
      ],
    },
    createEngine: {
      call: index.createEngine,
      args: [options({ backend: "wasm", threads: 1, simd: "strict", worker: false, onNotice: nothing }, common)],
    },
    datasetFromArrays: fromArrays,
    describeModel: { call: index.describeModel, args: [theModel] },
    digits: { call: index.digits, args: [] },
    displayLevels: { call: index.displayLevels, args: [theSet] },
    distill: {
      call: index.distill,
      args: [
        options(
          {
            data: set4,
            augment: { flip: true },
            model,
            method,
            init,
            loss: "mse",
            networksPerStep: 1,
            outer,
            memoryLimit: 1e9,
            onProgress: nothing,
            ...run,
          },
          {
            required: "data model method",
            takes: { ...common.takes, augment: [{}], outer: [{}], memoryLimit: [2 ** 60] },
          },
        ),
      ],
    },
    distilledFromBytes: { call: index.distilledFromBytes, args: [argument(safetensors), string("x")] },
    distilledToNpz: { call: index.distilledToNpz, args: [theSet] },
    distilledToSafetensors: { call: index.distilledToSafetensors, args: [theSet] },
    dropout: { call: index.dropout, args: [options({ p: 0.5 }, { takes: { p: [0] } })] },
    distributionMatching: {
      call: index.distributionMatching,
      args: [
        options(
          { imagesPerClass: 1, realPerClass: 2, init: "noise", training: { epochs: 1 } },
          { required: "imagesPerClass", takes: { imagesPerClass: [], realPerClass: [], training: [{}] } },
        ),
      ],
    },
    estimateMemory: {
      call: index.estimateMemory,
      args: [
        options(
          { data: set4, model, method, init, loss: "mse", outer, networksPerStep: 1, threads: 1, workers: 0, engine },
          { required: "data model method", takes: { ...common.takes, outer: [{}] } },
        ),
      ],
    },
    evaluate: {
      call: index.evaluate,
      args: [
        options(
          {
            set,
            model,
            init,
            test: set4,
            loss: "mse",
            networks: 1,
            order: "learned",
            epochs: 1,
            perClass: true,
            onProgress: nothing,
            ...run,
          },
          { required: "set model init test", takes: { ...common.takes, epochs: [0] } },
        ),
      ],
    },
    judge: {
      call: index.judge,
      args: [
        options(
          {
            set,
            protocol: "dc-bench",
            model,
            init,
            train: brightHalves({ count: 60, seed: 2 }),
            test: set4,
            networks: 5,
            epochs: 1,
            optimizer: "sgd",
            augmentations: ["none"],
            baselines: [],
            architectures: {},
            onProgress: nothing,
            ...run,
          },
          {
            required: "set protocol model train test",
            takes: { ...common.takes, baselines: [[]], architectures: [{}] },
          },
        ),
      ],
    },
    fixedInit: {
      call: index.fixedInit,
      args: [
        argument(1, undefined, 0),
        argument("normal", undefined),
        options({ std: 1 }, { takes: { std: [2 ** 60] } }),
      ],
    },
    flatten: { call: index.flatten, args: [] },
    gradientMatching: {
      call: index.gradientMatching,
      args: [
        options(
          {
            imagesPerClass: 1,
            realPerClass: 2,
            stepsPerNetwork: 2,
            networkSteps: 3,
            augment: ["crop"],
            training: { epochs: 1 },
          },
          {
            required: "imagesPerClass",
            takes: {
              imagesPerClass: [],
              realPerClass: [],
              stepsPerNetwork: [],
              networkSteps: [0],
              augment: [[]],
              training: [{}],
            },
          },
        ),
      ],
    },
    frepo: {
      call: index.frepo,
      args: [
        options(
          { imagesPerClass: 1, learnLabels: true, poolSize: 2, maxAge: 3, ridge: 0.1, training: { epochs: 1 } },
          {
            required: "imagesPerClass",
            takes: { imagesPerClass: [], poolSize: [], maxAge: [0], ridge: [], training: [{}] },
          },
        ),
      ],
    },
    groupNorm: {
      call: index.groupNorm,
      args: [options({ groups: 1, affine: true, eps: 1 }, { required: "groups", takes: { eps: [2 ** 60] } })],
    },
    instanceNorm2d: {
      call: index.instanceNorm2d,
      args: [options({ affine: true, eps: 1 }, { takes: { eps: [2 ** 60] } })],
    },
    isReproducible: { call: index.isReproducible, args: [theSet] },
    kip: {
      call: index.kip,
      args: [
        options(
          {
            imagesPerClass: 1,
            init: "noise",
            learnLabels: true,
            kernel: "nngp",
            depth: 2,
            ridge: 0.1,
            training: { epochs: 1 },
          },
          { required: "imagesPerClass", takes: { imagesPerClass: [], depth: [], ridge: [], training: [{}] } },
        ),
      ],
    },
    labelSolve: {
      call: index.labelSolve,
      args: [
        options(
          { imagesPerClass: 1, kernel: "nngp", depth: 2, ridge: 0.1, training: { epochs: 1 } },
          { required: "imagesPerClass", takes: { imagesPerClass: [], depth: [], ridge: [], training: [{}] } },
        ),
      ],
    },
    leakyRelu: { call: index.leakyRelu, args: [options({ slope: 0.1 }, { takes: { slope: [0, 2 ** 60] } })] },
    growthAnimation: { call: (sets) => index.growthAnimation(sets as never), args: [argument([set])] },
    growthSteps: { call: index.growthSteps, args: [argument(600), argument(784)] },
    lenet: { call: index.lenet, args: [options({ channels: 1, size: 28, classes: 2 })] },
    linear: { call: index.linear, args: [options({ out: 1, bias: true }, { required: "out" })] },
    linearCase: {
      call: index.linearCase,
      args: [
        options(
          { inputs: [1, 2], targets: [1, 2], features: 1, points: 1, learningRate: 1, basis: [1] },
          {
            required: "inputs targets features",
            takes: { inputs: [[]], targets: [[]], basis: [[]], learningRate: [2 ** 60] },
          },
        ),
      ],
    },
    linearLowerBound: { call: index.linearLowerBound, args: [argument(1)] },
    loadIdx: {
      call: index.loadIdx,
      args: [
        options(
          { ...idx, name: "mine", imagesName: "images", labelsName: "labels", classes: 2, mean: [0], std: [1] },
          {
            required: "images labels",
            takes: { name: ["x"], imagesName: ["x"], labelsName: ["x"], mean: [[]], std: [[]] },
          },
        ),
      ],
    },
    localResponseNorm: {
      call: index.localResponseNorm,
      args: [
        options(
          { size: 1, alpha: 1, beta: 1, k: 1 },
          { required: "size", takes: { alpha: [0, 2 ** 60], beta: [0, 2 ** 60], k: [2 ** 60] } },
        ),
      ],
    },
    maxPool2d: {
      call: index.maxPool2d,
      args: [options({ kernel: 2, stride: 1, padding: 1 }, { required: "kernel", ...layer })],
    },
    mlp: {
      call: index.mlp,
      args: [
        options(
          { input: [1, 2, 2], hidden: [2], classes: 2 },
          { required: "input hidden classes", takes: { hidden: [[]] } },
        ),
      ],
    },
    vgg11: { call: index.vgg11, args: [options({ input: [1, 28, 28], classes: 2 }, { required: "input classes" })] },
    modelFromDescription: { call: index.modelFromDescription, args: [argument(index.describeModel(model))] },
    named: { call: index.named, args: [string("fc"), argument(index.relu())] },
    nearestNeighbors: {
      call: index.nearestNeighbors,
      args: [
        options(
          {
            points: "random-real",
            train: set4,
            test: set4,
            perClass: 1,
            k: 1,
            p: 2,
            draws: 1,
            candidates: 1,
            seed: 1,
            signal,
            ...place,
          },
          { required: "points train test", ...common },
        ),
      ],
    },
    packSet: { call: index.packSet, args: [theSet, options({ bits: 4 })] },
    parametersFromBytes: {
      call: index.parametersFromBytes,
      args: weightsOfFile,
    },
    parametersFromSafetensors: {
      call: index.parametersFromSafetensors,
      args: weightsOfFile,
    },
    parametersToSafetensors: {
      call: index.parametersToSafetensors,
      args: [
        theModel,
        argument(parameters),
        options({ names: undefined }, { takes: { names: [[], undefined] } }),
        argument([], undefined, []),
      ],
    },
    pretrained: { call: index.pretrained, args: [argument([parameters])] },
    experts: {
      call: index.experts,
      args: [
        argument([[parameters, parameters]]),
        argument("normal", undefined),
        options({ std: 1 }, { takes: { std: [2 ** 60] } }),
      ],
    },
    randomInit: {
      call: index.randomInit,
      args: [argument("normal", undefined), options({ std: 1 }, { takes: { std: [2 ** 60] } })],
    },
    relabelled: { call: index.relabelled, args: [dataset, argument(0, 0), argument(1)] },
    relu: { call: index.relu, args: [] },
    sequential: { call: index.sequential, args: [argument([1, 2, 2]), argument([index.flatten()], [])] },
    setDigest: { call: index.setDigest, args: [theSet] },
    setStorage: { call: index.setStorage, args: [theSet] },
    sigmoid: { call: index.sigmoid, args: [] },
    softplus: { call: index.softplus, args: [] },
    subset: { call: index.subset, args: [dataset, argument(0, 0), argument(1, 0)] },
    tanh: { call: index.tanh, args: [] },
    unpackSet: { call: index.unpackSet, args: [string(index.packSet(set))] },
    trainOn: {
      call: index.trainOn,
      args: [
        theSet,
        options(
          { model, parameters, init, loss: "mse", seed: 1, order: "learned", epochs: 1, signal, ...place },
          { required: "model", takes: { ...common.takes, epochs: [0] } },
        ),
      ],
    },
    trainPool: {
      call: index.trainPool,
      args: [
        options(
          {
            ...pool,
            test: set4,
            batch: 4,
            augment: { flip: true },
            init,
            loss: "mse",
            pool: "train",
            only: [0],
            onNetwork: nothing,
            onProgress: nothing,
            learningRate: 0.1,
            beta1: 0.5,
            beta2: 0.9,
            eps: 1e-8,
            decayEvery: 1,
            decayFactor: 0.5,
            ...run,
          },
          {
            required: "data model networks epochs",
            takes: {
              ...common.takes,
              augment: [{}],
              only: [[]],
              onNetwork: functions,
              beta1: [0],
              beta2: [0],
              learningRate: [2 ** 60],
              eps: [2 ** 60],
              epochs: [2 ** 60],
              networks: [2 ** 60],
            },
          },
        ),
      ],
    },
    trajectoryMatching: {
      call: index.trajectoryMatching,
      args: [
        options(
          {
            ...{ imagesPerClass: 2, steps: 3, expertEpochs: 1, maxStartEpoch: 2, subBatch: 4, learningRate: 0.01 },
            ...{ rate: "learned", rateStep: 1, labels: "learned", labelRate: 1, init: "noise", memory: "store" },
            training: { epochs: 1 },
          },
          {
            required: "imagesPerClass",
            takes: {
              imagesPerClass: [],
              expertEpochs: [2 ** 60],
              maxStartEpoch: [2 ** 60],
              memory: [2 ** 60],
              rateStep: [2 ** 60],
              labelRate: [2 ** 60],
              training: [{}],
            },
          },
        ),
      ],
    },
    verify: {
      call: index.verify,
      args: [
        options(
          { set, data: set4, init, method: undefined, onProgress: nothing, ...runWithoutSeed },
          { required: "set data", takes: { ...common.takes, init: [undefined], method: [undefined] } },
        ),
      ],
    },
    formation: { call: index.formation, args: [options({ factor: 2 }, { takes: { factor: [] } })] },
    memories: {
      call: index.memories,
      args: [
        options(
          { bases: 4, scale: 2, start: "noise", decodedPerClass: 2 },
          { required: "bases", takes: { bases: [], scale: [], decodedPerClass: [] } },
        ),
      ],
    },
    pixels: { call: index.pixels, args: [] },
    windows: {
      call: index.windows,
      args: [
        options(
          {
            ...{ imagesPerClass: 2, window: 2, totalSteps: 5, leastSteps: 1, batchPerClass: 1, optimizer: "adam" },
            ...{
              learningRate: 0.01,
              beta1: 0.9,
              beta2: 0.9,
              eps: 1e-6,
              labels: "learned",
              labelRate: 1,
              rate: "fixed",
            },
            ...{ init: "noise", memory: "store", training: { epochs: 1 } },
          },
          {
            required: "imagesPerClass",
            takes: {
              imagesPerClass: [],
              batchPerClass: [],
              beta1: [0],
              beta2: [0],
              eps: [2 ** 60],
              memory: [2 ** 60],
              labelRate: [2 ** 60],
              leastSteps: [0],
              training: [{}],
            },
          },
        ),
      ],
    },
  },
  data: {
    AugmentedBatches: {
      call: (...args: never[]) => new data.AugmentedBatches(...(args as unknown as [never, never])),
      args: [
        dataset,
        options({ crop: 1, resizedCrop: false, flip: true }, { takes: { crop: [0], resizedCrop: [{}] } }),
      ],
    },
    augmented: {
      call: data.augmented,
      args: [
        argument(new Uint8Array(36)),
        argument(shape),
        options({ crop: 1, resizedCrop: false, flip: true }, { takes: { crop: [0], resizedCrop: [{}] } }),
        argument(key),
        argument(1, undefined, 0),
      ],
    },
    datasetFromFiles: readers(data.datasetFromFiles),
    decodeImage: {
      call: data.decodeImage,
      args: [
        argument(new Uint8Array(1)),
        options(
          { name: "x", maximumPixels: 1 },
          { required: "name", takes: { name: ["x"], maximumPixels: [2 ** 60] } },
        ),
      ],
    },
    digits: { call: data.digits, args: [] },
    filesInArchive: { call: data.filesInArchive, args: [argument(new Uint8Array(1)), string("x")] },
    datasetFromArrays: fromArrays,
    loadArrays: readers(data.loadArrays),
    loadCsv: readers(data.loadCsv),
    loadSvhn: readers(data.loadSvhn),
    loadCifar: {
      call: data.loadCifar,
      args: [
        options(
          {
            files: [{ bytes: new Uint8Array(3073), name: "x" }],
            labels: "cifar10",
            name: "x",
            mean: [0, 0, 0],
            std: [1, 1, 1],
          },
          { required: "files", takes: { name: ["x"], mean: [[]], std: [[]] } },
        ),
      ],
    },
    loadCifarJpeg: readers(data.loadCifarJpeg),
    loadCub: readers(data.loadCub),
    loadIdx: { call: data.loadIdx, args: [options(idx, { required: "images labels" })] },
    loadIdxFiles: readers(data.loadIdxFiles),
    loadImageFolder: readers(data.loadImageFolder),
    loadUsps: {
      call: data.loadUsps,
      args: [
        options(
          { bytes: new Uint8Array(1), name: "x", fileName: "y", mean: [0], std: [1] },
          { required: "bytes", takes: { name: ["x"], fileName: ["x"], mean: [[]], std: [[]] } },
        ),
      ],
    },
    loadVoc: readers(data.loadVoc),
    padded: { call: data.padded, args: [argument(split), argument(1, 0)] },
    resized: { call: data.resized, args: [argument(split), argument(3), argument("cover", undefined)] },
    splitByClass: {
      call: data.splitByClass,
      args: [dataset, options({ testShare: 0.5, seed: 1 }, { takes: { seed: [0] } })],
    },
    subset: { call: data.subset, args: [dataset, argument(0, 0), argument(1, 0)] },
    toGrey: { call: data.toGrey, args: [argument(data.toRgb(set4))] },
    toRgb: { call: data.toRgb, args: [dataset] },
    whiten: {
      call: data.whiten,
      args: [dataset, argument(whitening), options({}, { takes: { onProgress: functions } })],
    },
    zca: { call: data.zca, args: [dataset, options({ epsilon: 0.1 }, { takes: { onProgress: functions } })] },
  },
  algorithm: {
    axpy: { call: algorithm.axpy, args: [argument(1, 0, 2 ** 60), argument(parameters), argument(parameters)] },
    dot: { call: algorithm.dot, args: [argument(parameters), argument(parameters)] },
    initialWeights: {
      call: algorithm.initialWeights,
      args: [
        theModel,
        argument(init),
        options(
          { seed: 1, index: 1, purpose: "evaluate", networksPerStep: 1 },
          { takes: { seed: [0], index: [0, 2 ** 60] } },
        ),
      ],
    },
    norm: { call: algorithm.norm, args: [argument(parameters)] },
    normalizedBatch: { call: algorithm.normalizedBatch, args: [dataset, argument([0], [])] },
    randomKey: {
      call: algorithm.randomKey,
      args: [argument(1, 0), string("x"), argument(1, undefined, 0), argument(1, undefined, 0)],
    },
    randomNormal: {
      call: algorithm.randomNormal,
      args: [argument(key), argument(3, 0), argument(1, undefined, 0, 2 ** 60), argument(1, undefined, 0, 2 ** 60)],
    },
    randomPermutation: { call: algorithm.randomPermutation, args: [argument(key), argument(3, 0)] },
    randomUniform: {
      call: algorithm.randomUniform,
      args: [argument(key), argument(3, 0), argument(1, undefined, 0, 2 ** 60), argument(1, undefined, 0, 2 ** 60)],
    },
    scale: { call: algorithm.scale, args: [argument(1, 0, 2 ** 60), argument(parameters.slice())] },
  },
  recipes: {
    findRecipe: { call: recipes.findRecipe, args: [argument("digits-fixed", "x")] },
    // What is no recipe is damage of a file, as in every reader: a FormatError that names the key.
    parseRecipe: { call: recipes.parseRecipe, args: [argument(parsed, ...wrongValues), argument("x", undefined, "x")] },
    recipeFromBytes: {
      call: recipes.recipeFromBytes,
      args: [argument(new TextEncoder().encode(JSON.stringify(parsed))), string("x")],
    },
    recipeOptions: {
      call: recipes.recipeOptions,
      args: [argument(parsed), argument((await data.digits()).train), argument(undefined, undefined)],
    },
  },
  checkpoint: {
    checkpointFromBytes: {
      call: checkpoint.checkpointFromBytes,
      args: [argument(await checkpoint.checkpointToBytes({ state, note: {} })), string("x")],
    },
    checkpointToBytes: {
      call: checkpoint.checkpointToBytes,
      args: [options({ state, note: {} }, { required: "state note", takes: { note: [{}] } })],
    },
    ...checkpointCalls,
  },
  node: {
    ...checkpointCalls,
    filesInFolder: { call: node.filesInFolder, args: [argument(folder, "x")] },
    loadDataset: {
      call: node.loadDataset,
      args: [
        argument(folder, "x"),
        options(
          { download: false, cacheDir: folder, onDownload: nothing, size: 8 },
          { takes: { cacheDir: ["x"], onDownload: functions } },
        ),
      ],
    },
    loadDistilled: { call: node.loadDistilled, args: [argument(path("set.npz"), "x")] },
    foreignSet: { call: node.foreignSet, args: [argument(foreignFiles), foreignOptions] },
    loadForeignSet: { call: node.loadForeignSet, args: [argument(path("foreign.npz"), "x"), foreignOptions] },
    loadIdxFolder: { call: node.loadIdxFolder, args: [argument(folder, "x")] },
    loadNamed: {
      call: node.loadNamed,
      args: [argument("mnist"), options({ download: false, cacheDir: folder }, { takes: { cacheDir: ["x"] } })],
    },
    loadParameters: {
      call: node.loadParameters,
      args: [
        argument(path("net.safetensors"), "x"),
        theModel,
        options({ freshLastLayer: true, names: undefined }, { takes: { names: [[], undefined] } }),
      ],
    },
    loadPool: { call: node.loadPool, args: [argument(path("pool"), "x"), options({ trajectories: false })] },
    saveDistilled: { call: node.saveDistilled, args: [argument(path("set.npz")), theSet] },
    trainPoolFolder: {
      call: node.trainPoolFolder,
      args: [
        argument(path("pool"), "x"),
        options({ ...pool, engine }, { required: "data model networks epochs", takes: { epochs: [2 ** 60] } }),
      ],
    },
    writeFileAtomic: { call: node.writeFileAtomic, args: [argument(path("file"), "x"), argument(new Uint8Array(1))] },
  },
  cluster: {
    cluster: {
      call: machines.cluster,
      args: [
        argument("redis://127.0.0.1:1"),
        options({ title: "x", onNotice: nothing }, { takes: { title: ["x", ""], onNotice: functions } }),
      ],
    },
    clusterStatus: { call: machines.clusterStatus, args: [argument("redis://127.0.0.1:1")] },
    serveCluster: {
      call: machines.serveCluster,
      args: [
        argument("redis://127.0.0.1:1"),
        options({ slots: 1, threads: 1, onNotice: nothing }, { takes: { onNotice: functions } }),
      ],
    },
  },
  engine: {
    bind: {
      call: ((...args: Parameters<typeof engine.bind>) => engine.bind(...args)) as Call["call"],
      args: [theModel, options({ loss: "mse" })],
    },
    dispose: { call: nothing, args: [] },
  },
  "engine in a worker": {
    bind: {
      call: ((...args: Parameters<typeof remote.bind>) => remote.bind(...args)) as Call["call"],
      args: [theModel, options({ loss: "mse" })],
    },
    dispose: { call: nothing, args: [] },
  },
  network: networkCalls(networks.here),
  "network in a worker": networkCalls(networks.there),
  "trained network": {
    predict: { call: trained.here.predict, args: [argument(input.images)] },
    dispose: { call: nothing, args: [] },
  },
  "trained network in a worker": {
    predict: { call: trained.there.predict, args: [argument(input.images)] },
    dispose: { call: nothing, args: [] },
  },
  batches: {
    into: {
      call: ((...args: Parameters<typeof batches.into>) => batches.into(...args)) as Call["call"],
      args: [argument([0]), argument(new Float32Array(36)), argument(key), argument(1, undefined, 0)],
    },
  },
};

/** The names of what can be called on an object or in a module. */
function functionsOf(object: object): string[] {
  const names = new Set(Object.keys(object));
  for (let at: object = Object.getPrototypeOf(object); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function" && name !== "constructor") names.add(name);
    }
  }
  return [...names].filter((name) => {
    const value = (object as Readonly<Record<string, unknown>>)[name];
    return typeof value === "function" && !(value.prototype instanceof Error);
  });
}

test.each([
  ["index", index],
  ["data", data],
  ["recipes", recipes],
  ["algorithm", algorithm],
  ["checkpoint", checkpoint],
  ["cluster", machines],
  ["node", node],
  ["engine", engine],
  ["engine in a worker", remote],
  ["network", networks.here],
  ["network in a worker", networks.there],
  ["trained network", trained.here],
  ["trained network in a worker", trained.there],
  ["batches", batches],
] as const)("the table has every function of %s", (name, object) => {
  expect(Object.keys(table[name]!).sort()).toEqual(functionsOf(object).sort());
});

async function outcome(call: Call["call"], args: readonly unknown[]): Promise<unknown> {
  try {
    await (call as (...args: unknown[]) => unknown)(...args);
  } catch (error) {
    return error;
  }
  return "no error";
}

const shapeOf = /^"([^"]+)" expected .+, got .+/;

function checkError(error: unknown, label: string, name?: string): void {
  const { name: kind, message } = error instanceof Error ? error : { name: "none", message: String(error) };
  expect(`${kind}: ${message}`, label).toMatch(/^(TypeError|RangeError): "/);
  expect(message, label).toMatch(shapeOf);
  expect(message.length, label).toBeLessThan(600);
  const [, named] = shapeOf.exec(message)!;
  if (name !== undefined) expect(named!.split(/[.[]/)[0], `${label}: ${message}`).toBe(name);
}

function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const isTaken = (value: unknown, takes: readonly unknown[]): boolean =>
  takes.some(
    (taken) =>
      Object.is(taken, value) ||
      (typeof taken === "object" && taken !== null && JSON.stringify(taken) === JSON.stringify(value)),
  );

describe.each(Object.entries(table))("%s", (_, calls) => {
  test.each(Object.entries(calls))("%s refuses what is wrong, by name", async (_, { call, args }) => {
    const right = args.map(({ value }) => value);
    for (const [at, { takes, options }] of args.entries()) {
      for (const wrong of wrongValues) {
        if (isTaken(wrong, takes) || (options && isTaken(wrong, takes))) continue;
        const given = right.with(at, wrong);
        checkError(await outcome(call, given), `argument ${at}: ${shown(wrong)}`);
      }
      if (!options) continue;
      const all = right[at] as Readonly<Record<string, unknown>>;
      for (const name of Object.keys(all)) {
        const withOption = (value: unknown) => right.with(at, { ...all, [name]: value });
        for (const wrong of wrongValues) {
          if (isTaken(wrong, options.takes[name] ?? []) || (wrong === undefined && !options.required.includes(name)))
            continue;
          checkError(await outcome(call, withOption(wrong)), `${name}: ${shown(wrong)}`, nameOfOption(name));
        }
        if (options.required.includes(name)) {
          const { [name]: _, ...without } = all;
          checkError(await outcome(call, right.with(at, without)), `without ${name}`);
        }
        const { [name]: value, ...others } = all;
        const misspelt = `${name}_`;
        const error = await outcome(call, right.with(at, { ...others, [misspelt]: value }));
        checkError(error, `misspelt ${name}`);
        expect((error as Error).message, `misspelt ${name}`).toMatch(
          new RegExp(`^"[^"]*${misspelt}" expected an option, got an unknown name: (did you mean \\w+\\?|there are )`),
        );
      }
    }
  });
});

/** An augmentation and a block are called after what they belong to. */
function nameOfOption(name: string): string | undefined {
  return ["crop", "resizedCrop", "flip", "imagesPerStep", "init", "tuningInit"].includes(name) ? undefined : name;
}

describe("messages", () => {
  const { baseline, distill, evaluate, linear, lenet } = index;
  const base = { data: set4, model, method };
  const nothingMeant =
    '"batchSize" expected an option, got an unknown name: there are backend, threads, simd, worker, onNotice';
  test.each<readonly [string, () => unknown, Error]>([
    [
      "what was meant",
      () => distill({ ...base, learning_rate: 1 } as never),
      new TypeError(
        '"learning_rate" expected an option, got an unknown name: there are data, augment, model, method, init, loss, images, ' +
          "networksPerStep, outer, seed, resume, workers, networks, memoryLimit, signal, onProgress, engine, backend, threads, worker, onNotice",
      ),
    ],
    [
      "a method's option",
      () => index.backGradient({ steps: 1, epocs: 2, imagesPerClass: 1 } as never),
      new TypeError('"epocs" expected an option, got an unknown name: did you mean epochs?'),
    ],
    [
      "an option within an option",
      () => distill({ ...base, outer: { stepz: 1 } } as never),
      new TypeError('"outer.stepz" expected an option, got an unknown name: did you mean steps?'),
    ],
    [
      "a value within an option",
      () => distill({ ...base, method: { ...method, steps: 0 } }),
      new RangeError('"method.steps" expected integer >= 1, got 0'),
    ],
    ["no near name", () => index.createEngine({ batchSize: 1 } as never), new TypeError(nothingMeant)],
    [
      "no signal",
      () => evaluate({ set, model, init, test: set4, signal: {} as never }),
      new TypeError('"signal" expected an AbortSignal, got an object'),
    ],
    [
      "a size beyond all memory",
      () => linear({ out: 2 ** 60 }),
      new RangeError(`"out" expected integer <= 2147483647, got ${2 ** 60}`),
    ],
    [
      "two sizes beyond all memory",
      () => index.sequential([1, 1, 1], [linear({ out: 2 ** 20 }), linear({ out: 2 ** 20 })]),
      new RangeError(`"layers" expected at most 1073741824 parameters, got ${2 ** 20 + 2 ** 20 + 2 ** 40 + 2 ** 20}`),
    ],
    [
      "a number as a string",
      () => lenet({ classes: "10" as never }),
      new TypeError('"classes" expected integer >= 1, got "10"'),
    ],
    [
      "a layer that was not called",
      () => index.sequential([1, 2, 2], [index.flatten as never]),
      new TypeError('"layers[0]" expected a layer, such as relu(), got a function'),
    ],
    [
      "a field of a thing",
      () =>
        baseline({
          kind: "k-means",
          train: { ...set4, labels: [1] } as never,
          test: set4,
          model,
          init,
          like: set,
          networks: 1,
        }),
      new TypeError(
        '"train.labels" expected Uint8Array, got Array of length 1 ' +
          "(digits(), datasetFromArrays() and the readers make one of other arrays)",
      ),
    ],
    [
      "a long name, in short",
      () => lenet({ ["x".repeat(5000)]: 1 } as never),
      new TypeError(`"${"x".repeat(60)}…" expected an option, got an unknown name: there are channels, size, classes`),
    ],
  ])("%s", async (_, call, expected) => {
    const error = (await outcome(call, [])) as Error;
    expect(`${error.name}: ${error.message}`).toBe(`${expected.name}: ${expected.message}`);
  });

  test("one object of inputs serves several calls of a network", async () => {
    for (const network of Object.values(networks)) {
      const { logits } = await network.forward({ ...input, dropoutSeed: 1 } as typeof input);
      expect((await network.gradients(input)).logits).toEqual(logits);
    }
  });

  test("undefined is as good as nothing", async () => {
    const none = { threads: undefined, worker: undefined, onNotice: undefined, signal: undefined, workers: undefined };
    const run = distill({
      ...base,
      ...none,
      engine,
      init: undefined,
      outer: { steps: 0, batch: undefined },
      seed: undefined,
    });
    expect(await index.setDigest(await run.result())).toBe(await index.setDigest(set));
  });
});
