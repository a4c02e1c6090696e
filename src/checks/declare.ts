// Options are declared once. One object literal lists the options of a call, of a method or of a part of a recipe. It
// gives the types of what users pass and of what the code works with, the check, the defaults, the reading of recipes
// (read.ts), the command's options (cli/flags.ts) and the tables of docs/recipes.md.
//
//   export const blurOptions = {
//     /** Standard deviation of the blur, in pixels. Default 1. */
//     width: filled(number({ least: 0, most: 8 }), 1, { help: "how wide the blur is", flag: "--blur <x>" }) as Filled<number>,
//   };
//   export interface BlurOptions extends Given<typeof blurOptions> {}
//
// isolatedDeclarations needs the type after `as`; the compiler refuses one of another kind.
//
// Some modules of a page's worker get stand-ins for these functions (`nothingToCheck` of scripts/build-page.mjs): there an
// option is only its default.

import {
  type Check,
  number as checkNumber,
  whole as checkWhole,
  choice,
  flag as isFlag,
  listOf,
  oneOf,
  optional,
} from "./checks.ts";
import { outOfRange, wrongKind } from "./refusal.ts";

/** The place of a value in nested plain data: ["method", "steps"]. */
export type Path = readonly string[];

/** The bounds of a number: `least` and `most` may be reached, `above` and `below` may not. */
interface Bounds {
  readonly least?: number;
  readonly most?: number;
  readonly above?: number;
  readonly below?: number;
}

/** The values of an option. The fields beside `check` are for code that reads one from text or describes it. */
export interface Kind<T> extends Bounds {
  readonly type: "whole" | "number" | "word" | "flag" | "text" | "list" | "either" | "object" | "variants" | "other";
  /** The words for what is expected in messages and tables: "integer from 1 to 8". */
  readonly expected: string;
  readonly check: Check;
  /** Reads nested plain data and fills in defaults (read.ts). Without it a value is taken as it is. */
  readonly read?: (value: unknown, path: Path) => T;
  /** What a word may be, or what there may be instead of a value of the kind `of`; of a list, what a command line says for none. */
  readonly words?: readonly string[];
  /** The kind of a list's elements, or of what there may be instead of a word. */
  readonly of?: Kind<unknown>;
  /** The options of an object, and those of each variant by its name, which is the value of `key`. */
  readonly options?: Group;
  readonly key?: string;
  readonly variants?: Readonly<Record<string, Group>>;
}

/** The texts of an option, and its names elsewhere. */
interface Said<T> {
  /** What the option does: a clause with a verb, which `--help` and docs/recipes.md print. */
  readonly help: string;
  /** Its option on the command line: "--steps <n>". */
  readonly flag?: string;
  /** An older spelling of that, which still works: "--lr". */
  readonly oldFlag?: string;
  /** The value in a recipe that does not give it, although a call must. */
  readonly usual?: T;
  /** The values in a recipe, if they are fewer than in a call. */
  readonly inRecipe?: Kind<T>;
  /** The option that it replaces: a recipe has one of the two. */
  readonly insteadOf?: string;
}

/** An option of a group. */
export interface Option<T, Need extends string = string> extends Said<T> {
  readonly kind: Kind<T>;
  /** Whether a call must give it: "asked", "filled" if it has a default, or "open" if it may be absent. */
  readonly need: Need;
  /** The value in a call that does not give it. */
  readonly default?: T;
}

export type Asked<T> = Option<T, "asked">;
export type Filled<T> = Option<T, "filled">;
export type Open<T> = Option<T, "open">;

/** Options by name, in the order in which tables and helps list them. */
export type Group = Readonly<Record<string, Option<unknown>>>;

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** What users pass: an option may be left out if it has a default, or is open. */
export type Given<G> = {
  readonly [Name in keyof G as G[Name] extends Asked<unknown> ? Name : never]: ValueOf<G[Name]>;
} & {
  readonly [Name in keyof G as G[Name] extends Asked<unknown> ? never : Name]?: ValueOf<G[Name]> | undefined;
};

/** What the code works with: all defaults are filled in. */
export type Complete<G> = {
  readonly [Name in keyof G as G[Name] extends Open<unknown> ? never : Name]: ValueOf<G[Name]>;
} & {
  readonly [Name in keyof G as G[Name] extends Open<unknown> ? Name : never]?: ValueOf<G[Name]> | undefined;
};

/** Declares an option that every call must give. */
/* @__NO_SIDE_EFFECTS__ */
export function asked<T>(kind: Kind<T>, said: Said<NoInfer<T>>): Asked<T> {
  return { kind, need: "asked", ...said };
}

/** Declares an option with a default. */
/* @__NO_SIDE_EFFECTS__ */
export function filled<T>(kind: Kind<T>, value: NoInfer<T>, said: Said<NoInfer<T>>): Filled<T> {
  return { kind, need: "filled", default: value, ...said };
}

/** Declares an option whose absence has a meaning of its own. */
/* @__NO_SIDE_EFFECTS__ */
export function open<T>(kind: Kind<T>, said: Said<NoInfer<T>>): Open<T> {
  return { kind, need: "open", ...said };
}

/** The kind of a whole number. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const expected = `integer ${most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `>= ${least}`}`;
  return { type: "whole", expected, check: checkWhole(least, most), least, most };
}

/** The kind of a finite number: `above` and `below` are bounds that it may not reach. `called` is its name in messages. */
/* @__NO_SIDE_EFFECTS__ */
export function number(bounds: Bounds, called: string = "number"): Kind<number> {
  const { above, least = above, below, most = below } = bounds;
  const end = (sign: string, bound: number | undefined, strict: number | undefined): string[] =>
    bound === undefined ? [] : [`${sign}${bound === strict ? "" : "="} ${bound}`];
  const ends = [...end(">", least, above), ...end("<", most, below)].join(" and ");
  const expected = `${called} ${bounds.least === undefined || bounds.most === undefined ? ends : `from ${least} to ${most}`}`;
  const fits = (value: number): boolean =>
    Number.isFinite(value) && !(value < least! || value > most! || value === above || value === below);
  return { type: "number", expected, check: checkNumber(`a ${expected}`, fits), ...bounds };
}

/** The kind of one of these words. */
/* @__NO_SIDE_EFFECTS__ */
export function word<const W extends readonly string[]>(...words: W): Kind<W[number]> {
  return { type: "word", expected: choice(words), check: oneOf(...words), words };
}

/** True or false. */
export const flag: Kind<boolean> = { type: "flag", expected: "true or false", check: isFlag };

/** The kind of a string for which `fits` is true. */
/* @__NO_SIDE_EFFECTS__ */
export function text(expected: string, fits: (value: string) => boolean): Kind<string> {
  const check: Check = (name, value) => {
    if (typeof value !== "string") throw wrongKind(name, expected, value);
    if (!fits(value)) throw outOfRange(name, expected, value);
  };
  return { type: "text", expected, check };
}

/** The kind of a list whose elements are of one kind. */
/* @__NO_SIDE_EFFECTS__ */
export function list<T>(expected: string, of: Kind<T>): Kind<readonly T[]> {
  return { type: "list", expected, check: listOf(expected, of.check), of };
}

/** The kind of one of these words, or else of a value of the kind `of`. */
/* @__NO_SIDE_EFFECTS__ */
export function either<const W extends readonly string[], T>(words: W, of: Kind<T>): Kind<W[number] | T> {
  const { expected } = of;
  const check: Check = (name, value) => {
    if (typeof value !== "string") of.check(name, value);
    else if (!words.includes(value)) throw outOfRange(name, expected, value);
  };
  return { type: "either", expected, check, words, of };
}

/** Returns a check for each option; options that need not be given may be absent. */
/* @__NO_SIDE_EFFECTS__ */
export function checksOf<G extends Group>(group: G): { readonly [Name in keyof G]: Check } {
  const checks: Record<string, Check> = {};
  for (const [name, { kind, need }] of Object.entries(group)) {
    checks[name] = need === "asked" ? kind.check : optional(kind.check);
  }
  return checks as { readonly [Name in keyof G]: Check };
}

/** Fills in the defaults of `group`, in its order, in options that were checked before. Absent options stay absent. */
export function completed<G extends Group>(group: G, given: Given<G>): Complete<G> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(group)) {
    const value = (given as Readonly<Record<string, unknown>>)[name] ?? option.default;
    if (value !== undefined) values[name] = value;
  }
  return values as Complete<G>;
}

/** Joins both groups in one. */
/* @__NO_SIDE_EFFECTS__ */
export function together<A extends Group, B extends Group>(first: A, second: B): A & B {
  return { ...first, ...second };
}

/** Returns the same options with other defaults. */
/* @__NO_SIDE_EFFECTS__ */
export function withDefaults<G extends Group>(group: G, defaults: Partial<Complete<G>>): G {
  const changed = Object.entries(defaults).map(([name, value]) => [name, { ...group[name]!, default: value }]);
  return { ...group, ...Object.fromEntries(changed) };
}
