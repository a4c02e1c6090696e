// Makes options of commands from declared options (checks/declare.ts): reads their values from text, and gives their help.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Complete, Option as Declared, Group, Kind } from "../../checks/declare.ts";
import { wholeNumber } from "./options.ts";

/** A declared option that the command has, and the place of its value in a recipe. */
export interface Place {
  readonly path: readonly string[];
  readonly option: Declared<unknown>;
  /** The options beside it. */
  readonly group: Group;
  /** The key and the name of the variant that has it, if it belongs to one: name, back-gradient. */
  readonly variant?: { readonly at: readonly string[]; readonly name: string };
}

/** An option of the command. Several variants may have one of this name. */
export interface Flag {
  /** "--steps <n>" */
  readonly flag: string;
  readonly oldFlag?: string;
  readonly places: readonly Place[];
}

/** Returns "--steps" for an option whose flag is "--steps <n>". */
export function flagName({ flag = "" }: Pick<Declared<unknown>, "flag">): string {
  return flag.replace(/ .*/, "");
}

/** Returns the options of the command for a group, in its order. */
export function flagsOf(group: Group): readonly Flag[] {
  const flags = new Map<string, { flag: string; oldFlag?: string; places: Place[] }>();
  for (const place of placesOf(group, [])) {
    const { flag, oldFlag } = place.option;
    const name = flagName(place.option);
    const known = flags.get(name);
    if (known) known.places.push(place);
    else flags.set(name, { flag: flag!, ...(oldFlag !== undefined && { oldFlag }), places: [place] });
  }
  return [...flags.values()];
}

function placesOf(group: Group, above: readonly string[], variant?: Place["variant"]): readonly Place[] {
  return Object.entries(group).flatMap(([name, option]) => {
    const path = [...above, name];
    const { options, variants, key } = option.kind;
    return [
      ...(option.flag === undefined ? [] : [{ path, option, group, ...(variant && { variant }) }]),
      ...(options ? placesOf(options, path, variant) : []),
      ...Object.entries(variants ?? {}).flatMap(([name, inner]) =>
        placesOf(inner, path, { at: [...path, key!], name }),
      ),
    ];
  });
}

/** Adds the options to the command; their older spellings are not in its help. */
export function addFlags(command: Command, flags: readonly Flag[], defaults: boolean = false): void {
  for (const { flag, oldFlag, places } of flags) {
    const helps = new Set(places.map(({ option }) => option.help));
    const [{ option }] = places as [Place];
    const shown = defaults && option.default !== undefined ? ` (default: ${option.default})` : "";
    const parse = readerOf(places);
    const add = (flags: string, hidden: boolean): void => {
      const added = new Option(flags, `${[...helps].join("; or ")}${shown}`);
      if (parse) added.argParser(parse);
      command.addOption(hidden ? added.hideHelp() : added);
    };
    add(flag, false);
    if (oldFlag !== undefined) add(flag.replace(flagName({ flag }), oldFlag), true);
  }
}

/** Returns the value that the command line gives to an option, under its name or its older one. */
export function givenTo({ flag, oldFlag }: Flag, options: object): unknown {
  const value = (name: string): unknown =>
    (options as Readonly<Record<string, unknown>>)[new Option(name).attributeName()];
  return value(flag) ?? (oldFlag === undefined ? undefined : value(oldFlag));
}

/** Returns the values that the command line gives to the options of a group, by name. */
export function givenIn<G extends Group>(group: G, options: object): Partial<Complete<G>> {
  const given = flagsOf(group).map((flag) => [flag.places[0]!.path.join("."), givenTo(flag, options)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<Complete<G>>;
}

type Reader = (text: string) => unknown;

/** Reads a value that one of the places accepts; the recipe then decides whether it is the right one. */
function readerOf(places: readonly Place[]): Reader | undefined {
  const readers = places.flatMap(({ option }) => reader(option.inRecipe ?? option.kind) ?? []);
  if (readers.length === 0) return undefined;
  return (text) => {
    let fault: unknown;
    for (const read of readers) {
      try {
        return read(text);
      } catch (error) {
        fault = error;
      }
    }
    throw fault;
  };
}

/** Returns how a value of a kind is read; undefined for true, which takes no value. */
function reader(kind: Kind<unknown>): Reader | undefined {
  const { type, expected, above, least = above, below, most = below, words = [], of, variants = {} } = kind;
  switch (type) {
    case "flag":
      return undefined;
    case "whole":
      return wholeNumber(least!, most);
    case "number":
      return number(least, most, expected);
    case "word":
      return oneOf(words);
    case "variants":
      return oneOf(Object.keys(variants));
    case "list":
      return (text) => (words.includes(text) ? [] : text.split(",").map((part) => reader(of!)!(part)));
    case "either":
      return either(words, of!);
    default:
      return String;
  }
}

/** Reads a number such as 0.02 or 5e-4. */
function number(least: number = 0, most: number = Number.POSITIVE_INFINITY, expected: string): Reader {
  return (text) => {
    const value = /^(\d{1,16}(\.\d{1,16})?|\.\d{1,16})(e[+-]?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a ${expected}.`);
  };
}

function oneOf(words: readonly string[]): Reader {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`Expected ${words.join(" or ")}.`);
  };
}

/** Reads one of the words, or else what the kind accepts. */
function either(words: readonly string[], of: Kind<unknown>): Reader {
  return (text) => {
    if (words.includes(text)) return text;
    try {
      return reader(of)!(text);
    } catch {
      const example = of.type === "list" ? "a list, as 0,1,2" : `a ${of.expected}`;
      throw new InvalidArgumentError(`Expected ${words.join(", ")} or ${example}.`);
    }
  };
}
