// What the settings of the form mean for the library.
import {
  backGradient,
  convNet,
  type Dataset,
  type DatasetSplit,
  type DistillOptions,
  distributionMatching,
  fixedInit,
  frepo,
  lenet,
  type Model,
  randomInit,
} from "distillate";
import type { Settings } from "./api.ts";

type RunOptions = Pick<DistillOptions, "data" | "model" | "method" | "outer" | "seed"> & {
  readonly init: NonNullable<DistillOptions["init"]>;
};

/** Returns the options of a run. With the settings that the form fills in, FRePo's are those of the recipe `digits-frepo`. */
export function optionsOf(settings: Settings, { train }: DatasetSplit): RunOptions {
  const { method, init, imagesPerClass, steps, epochs, outerSteps, batch, seed } = settings;
  if (method === "frepo") {
    return {
      data: train,
      model: smallConvNet(train, 32),
      method: frepo({ imagesPerClass }),
      init: randomInit("kaiming-fan-in"),
      outer: { steps: outerSteps, batch, learningRate: 0.005 },
      seed,
    };
  }
  if (method === "distribution-matching") {
    return {
      data: train,
      model: smallConvNet(train, 16),
      method: distributionMatching({ imagesPerClass, realPerClass: batch, init: "noise" }),
      init: randomInit("kaiming-fan-in"),
      outer: { steps: outerSteps, learningRate: 1 },
      seed,
    };
  }
  return {
    data: train,
    model: lenetFor(train),
    method: backGradient({ steps, epochs, imagesPerClass, initialNoise: 0.1 }),
    init: init === "fixed" ? fixedInit(seed) : randomInit(),
    outer: { steps: outerSteps, batch },
    seed,
  };
}

function smallConvNet({ channels, height, width, classes }: Dataset, filters: number): Model {
  return convNet({ input: [channels, height, width], classes, width: filters, norm: "none" });
}

function lenetFor({ channels, height, width, classes, name }: Dataset): Model {
  if (height !== width || (height !== 28 && height !== 32)) {
    throw new Error(`${name}: LeNet reads pictures of 28×28 or 32×32, got ${height}×${width}`);
  }
  return lenet({ channels, size: height, classes });
}
