// The methods by name, as far as their options go: recipes, the command and the calls find them here.

import { type Check, kind } from "../../checks/checks.ts";
import { checksOf, type Group } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import { type BackGradientMethod, backGradient, backGradientOptions, checkTogether } from "./back-gradient/options.ts";

/** How images are learned: what the function of a method gives. */
export type Method = BackGradientMethod;

/** A method's options, and the function that fills them in. */
interface MethodDeclaration {
  readonly options: Group;
  /** The public function, and what messages say is expected. */
  readonly make: (options: never) => Method;
  readonly expected: string;
  /** Throws for options that each are right and do not go together. */
  readonly checkTogether: (options: never) => void;
}

export const methods: Readonly<Record<Method["name"], MethodDeclaration>> = {
  "back-gradient": {
    options: backGradientOptions,
    make: backGradient,
    expected: "what backGradient() gives",
    checkTogether,
  },
};

/** The method that a recipe has where it names none. */
export const defaultMethod: Method["name"] = "back-gradient";

/** The check of a method: the function of its name gives it. */
export const checkMethod: Check = (argument, value) => {
  const { name, ...given } = isObject(value) ? value : {};
  if (!Object.hasOwn(methods, name as string)) {
    const all = Object.values(methods).map(({ expected }) => expected);
    throw wrongKind(argument, all.join(" or "), value);
  }
  const { options, expected, checkTogether } = methods[name as Method["name"]];
  checkOptions(given, checksOf(options), argument, `${argument}.`);
  for (const [option, { need }] of Object.entries(options)) {
    if (need !== "open") kind(expected, (part) => part !== undefined)(`${argument}.${option}`, given[option]);
  }
  checkTogether(value as never);
};

/** The method of options that have its name among them; those of an older recipe have none. */
export function makeMethod(options: { readonly name?: Method["name"] }): Method {
  return methods[options.name ?? defaultMethod].make(options as never);
}
