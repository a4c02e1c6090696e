// Checks the options of a call, and objects that a call is given.
// Some modules of a page's worker get stand-ins for these functions (`nothingToCheck` of scripts/build-page.mjs), so a check
// may neither change nor fill in what it is given.

import { isObject } from "../kinds.ts";
import { quote } from "../quote.ts";
import type { Check } from "./checks.ts";
import { nearest } from "./nearest.ts";
import { wrongKind } from "./refusal.ts";

/** A check for each option: a table that lacks one does not compile. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check };

/** Checks every option that the table has. Messages put `prefix` before each name. */
export function checkValues(given: object, checks: Readonly<Record<string, Check>>, prefix: string = ""): void {
  for (const [name, check] of Object.entries(checks)) {
    check(prefix + name, (given as Readonly<Record<string, unknown>>)[name]);
  }
}

/**
 * Checks the options of a call and refuses others.
 *
 * @param argument The name in the message when `given` is not an object.
 * @throws TypeError when `given` is not an object, for a value of the wrong kind, and for an unknown option (the message
 * suggests one). RangeError for a value out of range.
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

/** Checks that a value is an object with these parts. `what` tells the reader what is expected, or who returns one. */
/* @__NO_SIDE_EFFECTS__ */
export function thing(what: string, parts: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    if (!isObject(value)) throw wrongKind(name, what, value);
    checkValues(value, parts, `${name}.`);
  };
}
