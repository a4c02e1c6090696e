// Refuses, before the first step, data with which a command would fail, and warns on stderr about surprises.
import { classCounts } from "../../data/dataset.ts";
import { shiftAdvice } from "../../data/labels.ts";
import { checkClasses } from "../../distill/fit.ts";
import { declarationOf } from "../../distill/methods/known.ts";
import { checkValidation } from "../../evaluate/baselines/validation.ts";
import type { Dataset, DatasetSplit, DistilledSet, Model } from "../../index.ts";
import { recipeMethod } from "../../recipes/options.ts";
import type { Recipe } from "../../recipes.ts";
import { checkSameClasses } from "../../run/in-place/baseline.ts";
import { writeNote } from "../errors.ts";
import type { BaselineName } from "../output/baselines.ts";

/** The number of images and steps that baselines take. */
type Like = Pick<DistilledSet, "steps" | "imagesPerStep">;

/** The kinds of neighbours that choose no images but take them as they come. */
const choiceless: readonly string[] = [
  "nearest-random-real",
  "nearest-class-average",
  "nearest-k-means",
  "nearest-k-center",
  "nearest-herding",
];

/**
 * Throws RangeError if the recipe cannot be run to its end on the data: if a class has no images to distil from, or none
 * that the evaluation, its attack or its baselines need.
 */
export function checkRunData(data: DatasetSplit, recipe: Recipe, model: Model): void {
  const { train, test } = data;
  const method = recipeMethod(recipe);
  const { classes, shape } = declarationOf(method);
  checkClasses(train.name, train, classes(method, model.classes));
  const { attack, evaluate } = recipe;
  if (evaluate.networks === 0) return;
  noteTest(data);
  if (attack && !classCounts(test)[attack.from]) {
    const what = `test images of class ${attack.from}, which the attack is about`;
    throw new RangeError(`"${test.name}" expected ${what}, got none: evaluate no networks with --evaluate 0`);
  }
  checkBaselineData(train, evaluate.baselines, shape(method, model.classes), model);
}

/** Throws RangeError if the baselines cannot be measured. Says so if they must take images more than once. */
export function checkBaselineData(train: Dataset, names: readonly BaselineName[], like: Like, model: Model): void {
  const { classes, name } = train;
  // Baselines have the same number of images of every class, so other sets are not compared with them.
  if (names.length === 0 || like.imagesPerStep % model.classes !== 0) return;
  checkClasses(name, train);
  if (names.some((baseline) => !choiceless.includes(baseline))) checkValidation(train);
  if (names.some((baseline) => !baseline.startsWith("nearest-"))) checkSameClasses(train, model);
  if (names.every((baseline) => baseline.endsWith("class-average"))) return;
  const wanted = (like.steps * like.imagesPerStep) / classes;
  const counts = classCounts(train);
  const few = listed(train, (k) => counts[k]! < wanted);
  if (few)
    writeNote(`${name} has fewer than the ${wanted} training images that baselines take of ${few}: some are repeated`);
}

/** Says which classes have no test images, and what to do if no image at all is of class 0. */
export function noteTest({ train, test }: DatasetSplit): void {
  const counts = classCounts(test);
  const none = listed(test, (k) => counts[k] === 0);
  const advice = counts[0] === 0 ? shiftAdvice(train.labels, test.classes - 1) : "";
  if (none) writeNote(`${test.name} has no test images of ${none}${advice}`);
}

/** Lists the names of some classes, or their numbers: "class 3", "classes 3, 7 and 4 more"; undefined for none. */
function listed({ classes, classNames }: Dataset, which: (k: number) => boolean): string | undefined {
  const all = Array.from({ length: classes }, (_, k) => k).filter(which);
  if (all.length === 0) return undefined;
  const some = all.slice(0, 5).map((k) => classNames?.[k]?.slice(0, 60) ?? k);
  const more = all.length > 5 ? ` and ${all.length - 5} more` : "";
  return `class${all.length > 1 ? "es" : ""} ${some.join(", ")}${more}`;
}
