// Turns the options of distill() into the configuration of a run: checked, with defaults.
import { checkValues } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import { checkAugmentation } from "../../data/check-augmentation.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import type { DistillConfig } from "../../distill/config.ts";
import { checkClasses, checkImages } from "../../distill/fit.ts";
import { decoderChoice } from "../../distill/image-options.ts";
import type { GivenMethod } from "../../distill/methods/known.ts";
import {
  checkForInit,
  checkForModel,
  classesOf,
  decodedMethod,
  lossWith,
  noAugmentation,
  outerDefaults,
  takesSlices,
} from "../../distill/methods/known.ts";
import { choiceOf, isOwnMethod, moduleOf } from "../../distill/methods/own.ts";
import { type OuterOptions, outerOptions } from "../../distill/outer-options.ts";
import { smallestBatch } from "../../distill/slices.ts";
import { checkInit, randomInit } from "../../distill/weight-source.ts";
import { describeModel } from "../../nn/describe.ts";
import { distillChecks } from "./call-checks.ts";
import type { DistillOptions } from "./distill.ts";

/** Does what `configOf` does, and checks the data too: once, where a call begins, before anything runs. */
export function checked(options: DistillOptions): DistillConfig {
  checkDataset("data", options.data);
  const config = configOf(options);
  checkClasses("data", config.data, classesOf(options.method, config.model));
  return config;
}

/** Returns the record of a run for its set's recipe. `init` is the source of the initial weights, as recipes name it. */
export function recordOf(config: DistillConfig, init: object): Readonly<Record<string, unknown>> {
  const { data, augment, model, method, loss, networksPerStep, outer, seed } = config;
  const images = decoderChoice(config.images);
  return {
    data: {
      ...{ name: data.name, count: data.count },
      ...(data.classNames && { classNames: data.classNames }),
      ...(data.whitened && { zca: data.whitened.epsilon }),
    },
    ...(augment && { augment }),
    model: describeModel(model),
    method,
    ...(images && { images }),
    ...{ init, loss, networksPerStep, outer, seed },
  };
}

/** Throws RangeError for slices that the method cannot compute apart, or that would have no image. */
function checkSlices({ slices = 1, batch }: OuterOptions, count: number, method: GivenMethod): void {
  if (slices > 1 && !takesSlices(method)) {
    throw outOfRange("outer.slices", "1 with this method, which does not average a loss over real images", slices);
  }
  const least = smallestBatch(count, batch);
  if (slices > least) {
    throw outOfRange("outer.slices", `at most ${least}, the images of the last batch of a pass`, slices);
  }
}

/** Returns the options as a run takes them, with defaults filled in. The data are trusted. */
export function configOf(options: DistillOptions): DistillConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  const { augment, images } = options;
  checkValues(options, distillChecks);
  checkImages("data", data, model);
  if (augment) {
    const expected = noAugmentation(method);
    if (expected) throw outOfRange("augment", expected, augment);
    checkAugmentation(augment, data);
  }
  checkInit(init, model, networksPerStep);
  const decoded = decodedMethod(method, images, model);
  checkForModel(decoded, model, networksPerStep);
  checkForInit(method, init);
  const loss = lossWith(method, options.loss);
  const outerChecked = outerOptions(outer, data.count, outerDefaults(method));
  checkSlices(outerChecked, data.count, method);
  const problem = { data, augment, model, init, loss, networksPerStep, outer: outerChecked, seed };
  if (options.networks && isOwnMethod(method)) {
    throw outOfRange(
      "networks",
      "nothing with a method of your own, as a cluster runs no code that it is sent",
      options.networks,
    );
  }
  const onWorkers = isOwnMethod(method) && (options.workers ?? 0) > 0;
  return {
    ...problem,
    method: choiceOf(method),
    ...(images && { images, decoded: choiceOf(decoded) }),
    ...(onWorkers && { module: moduleOf(method) }),
  };
}
