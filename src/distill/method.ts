// The names of the method and of the outer settings, whose declarations stand in files of their own.
import type { BackGradientMethod } from "./methods/back-gradient/options.ts";

export {
  type BackGradientMethod,
  type BackGradientOptions,
  backGradient,
  type InitialLabels,
} from "./methods/back-gradient/options.ts";
export { checkMethod } from "./methods/options.ts";
export {
  type AdamSchedule,
  adamChecks,
  checkOuter,
  decayedRate,
  type GivenOuterOptions,
  type OuterOptions,
  outerOptions,
} from "./outer-options.ts";

/** Images in one block, for so many classes. */
export function imagesPerStep(
  method: Pick<BackGradientMethod, "imagesPerClass" | "imagesPerStep">,
  classes: number,
): number {
  return method.imagesPerStep ?? method.imagesPerClass! * classes;
}
