// Answers questions about methods, both those of options.ts and those that users write, for recipes, the command and the calls.

import { type Check, kind } from "../../checks/checks.ts";
import { checksOf } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { outOfRange, wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";
import { decodedImages } from "../decoders/counts.ts";
import { decoderChoice, type FormationImages, type ImagesChoice } from "../image-options.ts";
import type { GivenOuterOptions } from "../outer-options.ts";
import type { WeightSource } from "../weight-source.ts";
import type { MethodDeclaration } from "./declaration.ts";
import methods, { type KnownMethod } from "./options.ts";
import { checkOwnMethod, choiceOf, isOwnMethod, type OwnMethod } from "./own.ts";

export { type KnownMethod, methods };

/** What `distill` takes: what the functions of the methods return, or a method of a user's own. */
export type GivenMethod = KnownMethod | OwnMethod<never>;

/** Returns the declaration of this method. */
export function declarationOf(method: KnownMethod): MethodDeclaration<KnownMethod> {
  return methods[method.name] as unknown as MethodDeclaration<KnownMethod>;
}

/** Returns what is expected of `augment` with a method that does not take it; nothing with any other method. */
export function noAugmentation(method: GivenMethod): string | false | undefined {
  return !isOwnMethod(method) && declarationOf(method).augmentsNothing && `nothing with ${method.name}`;
}

/** Returns whether slices of a step's real images may be computed apart. */
export function takesSlices(method: GivenMethod): boolean {
  return !isOwnMethod(method) && declarationOf(method).slices === true;
}

/** Returns the outer settings that a run of the method has unless it says otherwise. */
export function outerDefaults(method: GivenMethod): GivenOuterOptions | undefined {
  return isOwnMethod(method) ? method.outer : declarationOf(method).outer;
}

/** The loss of the networks of a run that names none, with a method that works with any. */
const usualLoss: Loss = "cross-entropy";

/** Returns the loss of the networks of a run. Throws RangeError for another one than that of a method which has its own. */
export function lossWith(method: GivenMethod, given?: Loss): Loss {
  const own = isOwnMethod(method) ? undefined : declarationOf(method).loss;
  if (own === undefined || given === undefined || given === own) return own ?? given ?? usualLoss;
  throw outOfRange("loss", `"${own}" or nothing with ${method.name}`, given);
}

/**
 * Returns the method as it works on decoded images: with their number in the place of the number of images whose storage they
 * have. A method of a user's own says itself how many images it has.
 *
 * @throws RangeError if `images` makes none of them, or more than a block may have.
 */
export function decodedMethod<M extends GivenMethod>(method: M, images: ImagesChoice | undefined, model: Model): M {
  const choice = decoderChoice(images);
  if (!choice || isOwnMethod(method)) return method;
  const { steps, imagesPerStep } = declarationOf(method).shape(method, model.classes);
  const perStep = "imagesPerStep" in method && method.imagesPerStep !== undefined;
  const count = decodedImages(choice, { steps, imagesPerStep }, model, !perStep);
  const counts = perStep ? { imagesPerStep: count } : { imagesPerClass: count / model.classes };
  return { ...method, ...counts, ...(choice.name === "formation" && repeatedLabels(method, choice)) };
}

/** Returns a list of initial labels with each as often as its image has tiles. */
function repeatedLabels(method: KnownMethod, { factor }: FormationImages): { initialLabels?: readonly number[] } {
  if (!("initialLabels" in method) || typeof method.initialLabels !== "object") return {};
  const labels = method.initialLabels;
  return { initialLabels: labels.flatMap((label) => Array.from({ length: factor * factor }, () => label)) };
}

/** Throws RangeError if the method's options do not fit the model, or the number of networks in an outer step. */
export function checkForModel(method: GivenMethod, model: Model, networksPerStep: number): void {
  if (isOwnMethod(method)) method.check?.(choiceOf(method) as never, model);
  else declarationOf(method).check?.(method, model, networksPerStep);
}

/** Throws RangeError for initial weights that the method cannot begin with. A method of a user's own looks at them itself. */
export function checkForInit(method: GivenMethod, init: WeightSource): void {
  if (isOwnMethod(method)) return;
  const { checkInit } = declarationOf(method);
  if (checkInit) checkInit(method, init);
  else if (init.kind === "experts") {
    throw new RangeError(`"init" expected other networks than experts() gives, which ${method.name} does not match`);
  }
}

/** Returns the classes that the real images must include; undefined: all. */
export function classesOf(method: GivenMethod, model: Model): ReadonlySet<number> | undefined {
  if (isOwnMethod(method)) return method.classes?.(choiceOf(method) as never, model);
  return declarationOf(method).classes(method, model.classes);
}

/** The method of a recipe that names none. */
export const defaultMethod: KnownMethod["name"] = "back-gradient";

/** Checks what `distill` takes as a method. */
export const checkMethod: Check = (argument, value) => {
  if (isOwnMethod(value)) checkOwnMethod(argument, value);
  else checkKnownMethod(argument, value);
};

const checkKnownMethod: Check = (argument, value) => {
  const { name, ...given } = isObject(value) ? value : {};
  if (!Object.hasOwn(methods, name as string)) {
    const all = Object.values(methods).map(({ expected }) => expected);
    throw wrongKind(argument, all.join(" or "), value);
  }
  const { options, expected, checkTogether } = methods[name as KnownMethod["name"]];
  checkOptions(given, checksOf(options), argument, `${argument}.`);
  for (const [option, { need }] of Object.entries(options)) {
    if (need !== "open") kind(expected, (part) => part !== undefined)(`${argument}.${option}`, given[option]);
  }
  checkTogether(value as never);
};

/** Makes the method from options that include its name. The options of an older recipe have no name. */
export function makeMethod(options: { readonly name?: KnownMethod["name"] }): KnownMethod {
  return methods[options.name ?? defaultMethod].make(options as never);
}
