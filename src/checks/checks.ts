// Checks of one argument each. They throw the errors of refusal.ts.
// Some modules of a page's worker get stand-ins for these functions (`nothingToCheck` of scripts/build-page.mjs), so a check
// may neither change nor fill in what it is given.
import { arrayKind, isArrayBuffer, isBytes, isFloats, isObject } from "../kinds.ts";
import { outOfRange, wrongKind } from "./refusal.ts";

/** Throws a TypeError or RangeError that names the argument `name`, unless `value` is valid. */
export type Check = (name: string, value: unknown) => void;

/** Allows undefined, and checks everything else with `check`. */
/* @__NO_SIDE_EFFECTS__ */
export function optional(check: Check): Check {
  return (name, value) => {
    if (value !== undefined) check(name, value);
  };
}

/** Checks that `fits` is true of a value; others are of the wrong kind. */
/* @__NO_SIDE_EFFECTS__ */
export function kind(expected: string, fits: (value: unknown) => boolean): Check {
  return (name, value) => {
    if (!fits(value)) throw wrongKind(name, expected, value);
  };
}

/** Checks that a value is a number, and that `fits` is true of it (which must be false for NaN). */
/* @__NO_SIDE_EFFECTS__ */
export function number(expected: string, fits: (value: number) => boolean): Check {
  return (name, value) => {
    if (typeof value !== "number") throw wrongKind(name, expected, value);
    if (!fits(value)) throw outOfRange(name, expected, value);
  };
}

/** Throws unless `value` is a whole number from `least` to `most`. Returns it. */
export function wholeNumber(
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number") throw wrongKind(name, `integer >= ${least}`, value);
  if (value > most) throw outOfRange(name, `integer <= ${most}`, value);
  if (!Number.isInteger(value) || value < least) throw outOfRange(name, `integer >= ${least}`, value);
  return value;
}

/** Checks for a whole number, as `wholeNumber` does. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(least: number, most?: number): Check {
  return (name, value) => {
    wholeNumber(name, value, least, most);
  };
}

/** What messages say of these words: `"a" or "b"`, and `one of "a", "b", "c"`. */
export function choice(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return words.length > 2 ? `one of ${quoted.join(", ")}` : quoted.join(" or ");
}

/** One of these words. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf(...words: readonly string[]): Check {
  const expected = choice(words);
  return (name, value) => {
    if (typeof value !== "string") throw wrongKind(name, expected, value);
    if (!words.includes(value)) throw outOfRange(name, expected, value);
  };
}

/** Checks for an array whose every element passes `check`. */
/* @__NO_SIDE_EFFECTS__ */
export function listOf(expected: string, check: Check): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw wrongKind(name, expected, value);
    for (const [i, element] of value.entries()) check(`${name}[${i}]`, element);
  };
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === "function");
}

export const flag: Check = kind("true or false", (value) => typeof value === "boolean");
export const text: Check = kind("a string", (value) => typeof value === "string");
export const callback: Check = kind("a function", (value) => typeof value === "function");
export const bytes: Check = kind("Uint8Array", isBytes);
export const float32: Check = kind("Float32Array", (value) => arrayKind(value) === "Float32Array");
/** Accepts both precisions: float64 is for the reference backend. */
export const floats: Check = kind("Float32Array", isFloats);
/** The content of a file. */
export const byteSource: Check = kind("Uint8Array, ArrayBuffer, Blob or File", (value) => {
  return isBytes(value) || isArrayBuffer(value) || hasMethods(value, "arrayBuffer");
});
/** Accepts the signals of every realm and library that have the parts in use. */
export const signal: Check = kind("an AbortSignal", (value) => {
  return hasMethods(value, "addEventListener", "removeEventListener", "throwIfAborted");
});
