// Options of `distillate run` that each stand for a key of the recipe.
import { basename, dirname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseRecipe, type Recipe } from "../../recipes.ts";
import { UsageError } from "../errors.ts";
import { baselineList, baselinesText } from "../output/baselines.ts";
import { numberFrom, wholeNumber } from "./options.ts";
import { addDataOptions, withDataOptions } from "./recipe-data.ts";

/** What an option puts into the recipe: the value at one key, or several at once. */
type Change = (value: never, recipe: Recipe) => readonly (readonly [key: string, value: unknown])[];

interface Override {
  readonly flags: string;
  readonly text: string;
  readonly parse?: (text: string) => unknown;
  readonly change: Change;
}

/** An option that is the value of `key`. */
const key = (flags: string, text: string, parse: Override["parse"], key: string): Override => ({
  flags,
  text,
  ...(parse && { parse }),
  change: (value) => [[key, value]],
});

const overrides: readonly Override[] = [
  key("--steps <n>", "gradient steps in an epoch: blocks of images", wholeNumber(1), "method.steps"),
  key("--epochs <n>", "epochs over the blocks", wholeNumber(1), "method.epochs"),
  {
    flags: "--images-per-class <n>",
    text: "images per class in a block",
    parse: wholeNumber(1),
    change: (n: number) => [
      ["method.imagesPerStep", undefined],
      ["method.imagesPerClass", n],
    ],
  },
  {
    flags: "--images-per-step <n>",
    text: "images in a block, whatever the classes",
    parse: wholeNumber(1),
    change: (n: number) => [
      ["method.imagesPerClass", undefined],
      ["method.imagesPerStep", n],
    ],
  },
  key("--labels <how>", "fixed, or learned with the images", oneOf("fixed", "learned"), "method.labels"),
  key("--initial-labels <how>", "even, random, or classes as 0,1,2", initialLabels, "method.initialLabels"),
  key("--shuffle", "blocks in another order for each network", undefined, "method.shuffle"),
  key("--lr <x>", "where the learned learning rates start", numberFrom(0, 100), "method.learningRate"),
  key(
    "--initial-noise <x>",
    "spread of the noise that pixels start from; the paper's is 1",
    numberFrom(0, 100),
    "method.initialNoise",
  ),
  key("--momentum <x>", "of the gradient steps", numberFrom(0, 1), "method.momentum"),
  key("--weight-decay <x>", "of the gradient steps", numberFrom(0, 100), "method.weightDecay"),
  key("--memory <how>", 'what the sweep back finds: "store", "recompute" or bytes', memory, "method.memory"),
  {
    flags: "--outer-steps <n>",
    text: "updates of the images",
    parse: wholeNumber(1),
    change: (steps: number) => [
      ["outer.epochs", undefined],
      ["outer.steps", steps],
    ],
  },
  {
    flags: "--outer-epochs <n>",
    text: "the same in passes over the real images",
    parse: wholeNumber(1),
    change: (epochs: number) => [
      ["outer.steps", undefined],
      ["outer.epochs", epochs],
    ],
  },
  key("--outer-lr <x>", "Adam's step size", numberFrom(0, 100), "outer.learningRate"),
  key(
    "--clip <x>",
    "shorten meta-gradients of more than x times the running mean of their norms",
    numberFrom(0, 1e6),
    "outer.clip",
  ),
  key("--batch <n>", "real images per outer step", wholeNumber(1), "outer.batch"),
  key("--networks <n>", "networks per outer step, their gradients averaged", wholeNumber(1), "networksPerStep"),
  {
    flags: "--pool <dir>",
    text: "trained networks to start from: a pool of `distillate train`, or a file",
    change: (pool: string, { init }) => {
      if (init.kind !== "pretrained") return [["init", { kind: "pretrained", pool }]];
      // `distillate train` leaves both side by side.
      const beside = init.testPool !== undefined && basename(pool) === "train" && join(dirname(pool), "test");
      return [["init.pool", pool], ...(beside ? [["init.testPool", beside] as const] : [])];
    },
  },
  key("--test-pool <dir>", "trained networks to evaluate on, apart from those", String, "init.testPool"),
  {
    flags: "--attack <from,to>",
    text: "the final objective takes class <from> for class <to>",
    parse: twoClasses,
    change: ([from, to]: [number, number]) => [["attack", { from, to }]],
  },
  key("--evaluate <n>", "held-out networks to evaluate with, 0 for none", wholeNumber(0), "evaluate.networks"),
  key("--baselines <list>", baselinesText, baselineList, "evaluate.baselines"),
  key("--seed <n>", "the same seed gives the same images, bit for bit", wholeNumber(0), "seed"),
];

/** Adds the options, under a heading of their own. */
export function addOverrides(command: Command): void {
  command.optionsGroup("Instead of what the recipe says:");
  addDataOptions(command);
  for (const { flags, text, parse } of overrides) {
    const option = new Option(flags, text);
    command.addOption(parse ? option.argParser(parse) : option);
  }
}

/** The recipe with what the options say instead. Throws UsageError where the two do not go together. */
export function overridden(recipe: Recipe, options: object): Recipe {
  const data = withDataOptions(recipe.data, options);
  const changed = structuredClone({ ...recipe, data }) as unknown as Json;
  for (const { flags, change } of overrides) {
    const value = (options as Json)[new Option(flags).attributeName()];
    if (value !== undefined)
      for (const [path, part] of change(value as never, recipe)) put(changed, path.split("."), part);
  }
  try {
    return parseRecipe(changed, `${recipe.name} with these options`);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Json = { [key: string]: unknown };

function put(object: Json, [key, ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    const inner = (object[key!] ?? {}) as Json;
    object[key!] = inner;
    put(inner, rest, value);
  } else if (value === undefined) delete object[key!];
  else object[key!] = value;
}

function memory(text: string): string | number {
  if (text === "store" || text === "recompute") return text;
  try {
    return wholeNumber(1)(text);
  } catch {
    throw new InvalidArgumentError('Expected "store", "recompute" or a whole number of bytes of at least 1.');
  }
}

function oneOf(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`Expected ${words.join(" or ")}.`);
  };
}

function initialLabels(text: string): string | number[] {
  if (text === "even" || text === "random") return text;
  if (/^\d{1,3}(,\d{1,3})*$/.test(text)) return text.split(",").map(Number);
  throw new InvalidArgumentError("Expected even, random, or a list of classes, as 0,1,2.");
}

function twoClasses(text: string): readonly [number, number] {
  const classes = /^(\d{1,3}),(\d{1,3})$/.exec(text);
  if (classes) return [Number(classes[1]), Number(classes[2])];
  throw new InvalidArgumentError("Expected two classes, as 0,1.");
}
