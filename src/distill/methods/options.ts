// The methods by name, as far as their options go: recipes, the command and the calls find them here.

import type { Check } from "../../checks/checks.ts";
import { checksOf, type Group, lacking } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import { type BackGradientMethod, backGradient, backGradientOptions, checkTogether } from "./back-gradient/options.ts";

/** How images are learned: what the function of a method gives. */
export type Method = BackGradientMethod;

/** A method's options, and the function that fills them in. */
interface MethodDeclaration {
  readonly options: Group;
  /** The public function, and what messages call it. */
  readonly make: (options: never) => Method;
  readonly called: string;
  /** Throws for options that each are right and do not go together. */
  readonly checkTogether: (options: never) => void;
}

export const methods: { readonly [Name in Method["name"]]: MethodDeclaration } = {
  "back-gradient": { options: backGradientOptions, make: backGradient, called: "backGradient()", checkTogether },
};

/** The method that a recipe has where it names none. */
export const defaultMethod: Method["name"] = "back-gradient";

/** The check of a method: the function of its name gives it. */
export const checkMethod: Check = (name, value) => {
  const kind = isObject(value) ? value.name : undefined;
  if (typeof kind !== "string" || !Object.hasOwn(methods, kind)) {
    const all = Object.values(methods).map(({ called }) => called);
    throw wrongKind(name, `what ${all.join(" or ")} gives`, value);
  }
  const { options, called, checkTogether } = methods[kind as Method["name"]];
  const { name: _, ...method } = value as Readonly<Record<string, unknown>>;
  checkOptions(method, checksOf(options), name, `${name}.`);
  const lacks = lacking(options, method);
  if (lacks !== undefined) throw wrongKind(`${name}.${lacks}`, `what ${called} gives`, undefined);
  checkTogether(value as never);
};

/** The method of options that have its name among them; those of an older recipe have none. */
export function makeMethod(options: { readonly name?: Method["name"] }): Method {
  return methods[options.name ?? defaultMethod].make(options as never);
}
