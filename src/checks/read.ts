// Reads nested plain data, as JSON.parse returns it, by declared options: fills in defaults, and reports what does not fit
// with its place.

import { isObject } from "../kinds.ts";
import { choice } from "./checks.ts";
import type { Complete, Group, Kind, Option, Path } from "./declare.ts";
import { nearest } from "./nearest.ts";

/** Says what does not fit, and where. Callers of the reader catch it and throw errors in their own words. */
export class Misfit extends Error {
  readonly path: Path;
  readonly value: unknown;
  /** What was expected, or for an unknown key what is wrong with it. */
  readonly expected: string;
  readonly why: "kind" | "range" | "key";

  constructor(path: Path, expected: string, value: unknown, why: Misfit["why"] = "kind") {
    super(expected);
    this.path = path;
    this.expected = expected;
    this.value = value;
    this.why = why;
  }
}

/** Throws Misfit unless `value` is of the kind. Returns it with defaults filled in. */
export function read<T>(kind: Kind<T>, value: unknown, path: Path): T {
  if (kind.read) return kind.read(value, path);
  try {
    kind.check("", value);
  } catch (error) {
    throw new Misfit(path, kind.expected, value, (error as Error).name === "RangeError" ? "range" : "kind");
  }
  return value as T;
}

/** The kind of nested values; the check of a call reports what the reader finds. */
/* @__NO_SIDE_EFFECTS__ */
export function nested<T>(
  type: Kind<T>["type"],
  expected: string,
  reader: (value: unknown, path: Path) => T,
  parts: Pick<Kind<T>, "options" | "variants" | "key" | "of"> = {},
): Kind<T> {
  return { type, expected, check: () => {}, read: reader, ...parts };
}

/**
 * The kind of an object with these options and no others. `together` throws Misfit for valid values that exclude each other.
 */
/* @__NO_SIDE_EFFECTS__ */
export function object<G extends Group>(
  options: G,
  together: (value: Complete<G>, path: Path) => void = () => {},
): Kind<Complete<G>> {
  const reader = (value: unknown, path: Path): Complete<G> => {
    const read = readGroup(options, value, path) as Complete<G>;
    together(read, path);
    return read;
  };
  return nested("object", "an object", reader, { options });
}

/** The kind of an object whose `key` names one of the groups, which has its other options. With `usual` the key may be absent. */
/* @__NO_SIDE_EFFECTS__ */
export function variants<T>(
  expected: string,
  key: string,
  groups: Readonly<Record<string, Group>>,
  usual?: string,
): Kind<T> {
  const known = choice(Object.keys(groups));
  const reader = (value: unknown, path: Path): T => {
    if (!isObject(value)) throw new Misfit(path, expected, value);
    const { [key]: name = usual, ...rest } = value;
    if (typeof name !== "string" || !Object.hasOwn(groups, name)) {
      throw new Misfit([...path, key], known, name, typeof name === "string" ? "range" : "kind");
    }
    return { [key]: name, ...readGroup(groups[name]!, rest, path, [key]) } as T;
  };
  return nested("variants", expected, reader, { key, variants: groups });
}

/** The kind of a list whose elements are read one by one. */
/* @__NO_SIDE_EFFECTS__ */
export function listed<T>(expected: string, of: Kind<T>): Kind<readonly T[]> {
  const reader = (value: unknown, path: Path): readonly T[] => {
    if (!Array.isArray(value)) throw new Misfit(path, expected, value);
    return value.map((element, i) => read(of, element, [...path, String(i)]));
  };
  return nested("list", expected, reader, { of });
}

/** Reads the values of a group; `others` are known keys beside its own. */
function readGroup(group: Group, value: unknown, path: Path, others: readonly string[] = []): object {
  if (!isObject(value)) throw new Misfit(path, "an object", value);
  const replaced = new Map<string, string>();
  for (const [name, { insteadOf }] of Object.entries(group)) {
    if (insteadOf !== undefined && value[name] !== undefined) replaced.set(insteadOf, name);
  }
  for (const name of Object.keys(value)) {
    const at = [...path, name];
    const instead = replaced.get(name);
    if (instead !== undefined) throw new Misfit(at, `that has ${instead}`, value[name], "key");
    if (Object.hasOwn(group, name)) continue;
    const known = [...others, ...Object.keys(group)];
    const near = nearest(name, known);
    const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean ${near}?`;
    throw new Misfit(at, `(${hint})`, value[name], "key");
  }
  const values = Object.entries(group).map(([name, option]) => {
    return [name, replaced.has(name) ? undefined : readOption(option, value[name], [...path, name])] as const;
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function readOption({ kind, need, usual, inRecipe = kind, ...option }: Option<unknown>, value: unknown, path: Path) {
  const wanted = value === undefined ? (usual ?? option.default) : value;
  return wanted === undefined && need === "open" ? undefined : read(inRecipe, wanted, path);
}
