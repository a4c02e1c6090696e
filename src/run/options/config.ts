// Turns the options of distill() into the configuration of a run: checked, with defaults.
import { checkValues } from "../../checks/options.ts";
import { checkAugmentation } from "../../data/augment.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import type { OuterLoopConfig } from "../../distill/config.ts";
import { checkClasses, checkImages } from "../../distill/fit.ts";
import { distilledClasses, initialLabels } from "../../distill/initial-labels.ts";
import { outerOptions } from "../../distill/method.ts";
import { checkInit, randomInit } from "../../distill/weight-source.ts";
import { distillChecks } from "./call-checks.ts";
import type { DistillOptions } from "./distill.ts";

/** Does what `configOf` does, and checks the data too; public functions call it once, before anything runs. */
export function checked(options: DistillOptions): OuterLoopConfig {
  checkDataset("data", options.data);
  const config = configOf(options);
  const { data, model, method } = config;
  checkClasses("data", data, distilledClasses(method, model.classes));
  return config;
}

/** Checks the options and fills in defaults; the data are trusted. */
export function configOf(options: DistillOptions): OuterLoopConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  const { loss = "cross-entropy", augment } = options;
  checkValues(options, distillChecks);
  checkImages("data", data, model);
  if (augment) checkAugmentation(augment, data);
  checkInit(init, model, networksPerStep);
  initialLabels(method, model.classes, 0, 0);
  const outerChecked = outerOptions(outer, data.count);
  return { data, augment, model, method, init, loss, networksPerStep, outer: outerChecked, seed };
}
