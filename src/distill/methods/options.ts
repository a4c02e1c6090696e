// The methods by name, as far as their options go: recipes, the command and the calls find them here.

import type { Check } from "../../checks/checks.ts";
import { checksOf, lacking } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import { backGradientDeclaration } from "./back-gradient/declaration.ts";
import type { BackGradientMethod } from "./back-gradient/options.ts";
import type { MethodDeclaration } from "./declaration.ts";
import { checkOwnMethod, isOwnMethod, type OwnMethod } from "./own.ts";

/** What the functions of the methods give: a name, and the options of the method of that name. */
export type KnownMethod = BackGradientMethod;

/** What `distill` takes: what the functions of the methods give, or a method of one's own. */
export type GivenMethod = KnownMethod | OwnMethod<never>;

export const methods: { readonly [Name in KnownMethod["name"]]: MethodDeclaration<KnownMethod & { name: Name }> } = {
  "back-gradient": backGradientDeclaration,
};

/** What is declared of this method. */
export function declarationOf(method: KnownMethod): MethodDeclaration<KnownMethod> {
  return methods[method.name];
}

/** The method that a recipe has where it names none. */
export const defaultMethod: KnownMethod["name"] = "back-gradient";

/** The check of a method: the function of its name gives it. */
export const checkMethod: Check = (name, value) => {
  if (isOwnMethod(value)) {
    checkOwnMethod(name, value);
    return;
  }
  const kind = isObject(value) ? value.name : undefined;
  if (typeof kind !== "string" || !Object.hasOwn(methods, kind)) {
    const all = Object.values(methods).map(({ called }) => called);
    throw wrongKind(name, `what ${all.join(" or ")} gives`, value);
  }
  const { options, called, checkTogether } = methods[kind as KnownMethod["name"]];
  const { name: _, ...method } = value as Readonly<Record<string, unknown>>;
  checkOptions(method, checksOf(options), name, `${name}.`);
  const lacks = lacking(options, method);
  if (lacks !== undefined) throw wrongKind(`${name}.${lacks}`, `what ${called} gives`, undefined);
  checkTogether(value as never);
};

/** The method of options that have its name among them; those of an older recipe have none. */
export function makeMethod(options: { readonly name?: KnownMethod["name"] }): KnownMethod {
  return methods[options.name ?? defaultMethod].make(options as never);
}
