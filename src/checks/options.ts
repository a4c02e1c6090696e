// Checks of objects: the options of a call, and things with parts that a call is given.

import { isObject } from "../kinds.ts";
import { quote } from "../quote.ts";
import type { Check } from "./checks.ts";
import { nearest } from "./nearest.ts";
import { wrongKind } from "./refusal.ts";

/** A check for each option: where the type gets another, the table does not compile without it. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check };

/** Checks every option that the table has; in messages each name follows `prefix`. */
export function checkValues(given: object, checks: Readonly<Record<string, Check>>, prefix: string = ""): void {
  for (const [name, check] of Object.entries(checks)) {
    check(prefix + name, (given as Readonly<Record<string, unknown>>)[name]);
  }
}

/**
 * Checks the options of a call, which may have no others.
 *
 * @param argument What the whole is called where it is no object.
 * @throws TypeError for no object, a wrong kind of value, or an unknown option: it says which one was meant. RangeError
 * for a value out of range.
 */
export function checkOptions(
  given: unknown,
  checks: Readonly<Record<string, Check>>,
  argument: string = "options",
  prefix: string = "",
): void {
  if (!isObject(given)) throw wrongKind(argument, "an object", given);
  const known = Object.keys(checks);
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(checks, name)) continue;
    const near = nearest(name, known);
    const there = known.length === 0 ? "there are none" : `there are ${known.join(", ")}`;
    const hint = near === undefined ? there : `did you mean ${near}?`;
    throw new TypeError(`${quote(prefix + name)} expected an option, got an unknown name: ${hint}`);
  }
  checkValues(given, checks, prefix);
}

/** Options within options: "outer.steps". */
/* @__NO_SIDE_EFFECTS__ */
export function options(checks: Readonly<Record<string, Check>>): Check {
  return (name, value) => checkOptions(value, checks, name, `${name}.`);
}

/** A thing with at least these parts. `what` it is, or which function gives one, is said where it is no object. */
/* @__NO_SIDE_EFFECTS__ */
export function thing(what: string, parts: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    if (!isObject(value)) throw wrongKind(name, what, value);
    checkValues(value, parts, `${name}.`);
  };
}
