// The methods by name, as far as their options go: recipes, the command and the calls find them here.

import { type Check, kind } from "../../checks/checks.ts";
import { checksOf } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import { backGradientDeclaration } from "./back-gradient/declaration.ts";
import type { BackGradientMethod } from "./back-gradient/options.ts";
import type { MethodDeclaration } from "./declaration.ts";
import { checkOwnMethod, isOwnMethod, type OwnMethod } from "./own.ts";

export { type BackGradientMethod, backGradient, type InitialLabels } from "./back-gradient/options.ts";

/** What the functions of the methods give: a name, and the options of the method of that name. */
export type KnownMethod = BackGradientMethod;

/** What `distill` takes: what the functions of the methods give, or a method of one's own. */
export type GivenMethod = KnownMethod | OwnMethod<never>;

export const methods: { readonly [Name in KnownMethod["name"]]: MethodDeclaration<KnownMethod & { name: Name }> } = {
  "back-gradient": backGradientDeclaration,
};

/** What is declared of this method. */
export function declarationOf(method: KnownMethod): MethodDeclaration<KnownMethod> {
  return methods[method.name] as MethodDeclaration<KnownMethod>;
}

/** The method that a recipe has where it names none. */
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

/** The method of options that have its name among them; those of an older recipe have none. */
export function makeMethod(options: { readonly name?: KnownMethod["name"] }): KnownMethod {
  return methods[options.name ?? defaultMethod].make(options as never);
}
