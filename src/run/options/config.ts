// Turns the options of distill() into the configuration of a run: checked, with defaults.
import { checkValues } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import { checkAugmentation } from "../../data/check-augmentation.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import type { DistillConfig } from "../../distill/config.ts";
import { checkClasses, checkImages } from "../../distill/fit.ts";
import {
  checkForInit,
  checkForModel,
  classesOf,
  lossWith,
  noAugmentation,
  outerDefaults,
} from "../../distill/methods/known.ts";
import { choiceOf, isOwnMethod, moduleOf } from "../../distill/methods/own.ts";
import { outerOptions } from "../../distill/outer-options.ts";
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
  return {
    data: { name: data.name, count: data.count, ...(data.classNames && { classNames: data.classNames }) },
    ...(augment && { augment }),
    model: describeModel(model),
    ...{ method, init, loss, networksPerStep, outer, seed },
  };
}

/** Returns the options as a run takes them, with defaults filled in. The data are trusted. */
export function configOf(options: DistillOptions): DistillConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  const { augment } = options;
  checkValues(options, distillChecks);
  checkImages("data", data, model);
  if (augment) {
    const expected = noAugmentation(method);
    if (expected) throw outOfRange("augment", expected, augment);
    checkAugmentation(augment, data);
  }
  checkInit(init, model, networksPerStep);
  checkForModel(method, model, networksPerStep);
  checkForInit(method, init);
  const loss = lossWith(method, options.loss);
  const outerChecked = outerOptions(outer, data.count, outerDefaults(method));
  const problem = { data, augment, model, init, loss, networksPerStep, outer: outerChecked, seed };
  const onWorkers = isOwnMethod(method) && (options.workers ?? 0) > 0;
  return { ...problem, method: choiceOf(method), ...(onWorkers && { module: moduleOf(method) }) };
}
