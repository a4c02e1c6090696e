// The errors for a wrong argument: `"name" expected X, got Y`, a TypeError for the wrong kind of thing and a RangeError for a
// value out of range. The message stays short whatever the value is.
import { quote } from "../quote.ts";

/** Describes the value that came: a short value is shown as it is, a larger one by its kind. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return quote(value);
  const { constructor: Class, length } = value as { readonly constructor?: { name?: unknown }; length?: unknown };
  const name = Class?.name;
  const kind = typeof name !== "string" || name === "" || name === "Object" ? "an object" : name.slice(0, 40);
  return typeof length === "number" ? `${kind} of length ${length}` : kind;
}

/** The error for a value of the wrong kind. */
export function wrongKind(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`"${name}" expected ${expected}, got ${shown(value)}`);
}

/** The error for a value of the right kind that is out of range. */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${shown(value)}`);
}
