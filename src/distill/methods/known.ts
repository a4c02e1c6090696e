// What is known of the methods of options.ts and of those that users write: recipes, the command and the calls find it here.

import { type Check, kind } from "../../checks/checks.ts";
import { checksOf } from "../../checks/declare.ts";
import { checkOptions } from "../../checks/options.ts";
import { wrongKind } from "../../checks/refusal.ts";
import { isObject } from "../../kinds.ts";
import type { GivenOuterOptions } from "../outer-options.ts";
import type { MethodDeclaration } from "./declaration.ts";
import methods, { type KnownMethod } from "./options.ts";
import { checkOwnMethod, isOwnMethod, type OwnMethod } from "./own.ts";

export { type KnownMethod, methods };

/** What `distill` takes: what the functions of the methods give, or a method of one's own. */
export type GivenMethod = KnownMethod | OwnMethod<never>;

/** What is declared of this method. */
export function declarationOf(method: KnownMethod): MethodDeclaration<KnownMethod> {
  return methods[method.name] as unknown as MethodDeclaration<KnownMethod>;
}

/** Outer settings that the method has where a run says nothing. */
export function outerDefaults(method: GivenMethod): GivenOuterOptions | undefined {
  return isOwnMethod(method) ? method.outer : declarationOf(method).outer;
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
