// The classes that the images of the blocks begin with (docs/math.md §1).
import { randomKey, randomOrder } from "../../../numeric/random.ts";
import { type BackGradientMethod, imagesPerStep } from "./options.ts";

/** Returns the classes, out of so many, that some image of the blocks has initially. */
export function distilledClasses(method: BackGradientMethod, classes: number): ReadonlySet<number> {
  // Labels that are not drawn are the same in every block.
  if (method.initialLabels !== "random") return new Set(initialLabels(method, classes, 0, 0));
  return new Set(Array.from({ length: classes }, (_, k) => k));
}

/**
 * Returns the class of each image of block `step` before the first outer step.
 *
 * @throws RangeError when a list of labels has another length than a block, or holds an unknown class.
 */
export function initialLabels(method: BackGradientMethod, classes: number, seed: number, step: number): number[] {
  const images = imagesPerStep(method, classes);
  const { initialLabels: labels } = method;
  if (typeof labels === "object") {
    if (labels.length !== images) {
      throw new RangeError(`"initialLabels" expected ${images} classes, one for each image, got ${labels.length}`);
    }
    const wrong = labels.find((label) => label >= classes);
    if (wrong !== undefined) throw new RangeError(`"initialLabels" expected classes < ${classes}, got ${wrong}`);
    return [...labels];
  }
  return Array.from({ length: images }, (_, i) =>
    labels === "random"
      ? randomOrder(classes, 1, randomKey(seed, "labels", step, i))[0]!
      : Math.floor((i * classes) / images),
  );
}
