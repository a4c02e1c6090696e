// A recipe: everything that decides a run, as plain JSON. This declaration gives its type, its reader (parse.ts), the options
// of the command and the tables of docs/recipes.md. Defaults are those of the paper's reference code. options.ts turns a
// recipe into options.
import {
  type Asked,
  asked,
  type Complete,
  type Filled,
  filled,
  type Kind,
  number,
  type Open,
  open,
  together,
  whole,
  word,
} from "../checks/declare.ts";
import { listed, Misfit, object, variants } from "../checks/read.ts";
import { declarationOf, defaultMethod, type KnownMethod, methods, noAugmentation } from "../distill/methods/known.ts";
import { outerGroup, outerOver } from "../distill/outer-options.ts";
import { type BaselineKind, baselineKinds, type ImageKind, imageKinds } from "../evaluate/baselines/kinds.ts";
import { isObject } from "../kinds.ts";
import type { Loss } from "../nn/loss.ts";
import { dataKind, type RecipeData } from "./declared/data.ts";
import { initKind, type RecipeInit } from "./declared/init.ts";
import { line, name } from "./declared/kinds.ts";
import { modelKind, type RecipeModel } from "./declared/model.ts";

export type { RecipeData } from "./declared/data.ts";
export type { PoolTraining, RecipeExperts, RecipeInit, RecipePool } from "./declared/init.ts";
export type { RecipeModel } from "./declared/model.ts";

/** A baseline to train on, or its images as the points of nearest neighbours. */
export type BaselineName = BaselineKind | `nearest-${ImageKind}`;

/** All baselines. */
export const baselineNames: readonly BaselineName[] = [
  ...baselineKinds,
  ...imageKinds.map((kind) => `nearest-${kind}` as const),
];

const evaluateOptions = {
  /** The number of held-out networks; 0 for no evaluation. */
  networks: filled(whole(0), 200, {
    help: "how many held-out networks the set is evaluated with; 0 for none",
    flag: "--evaluate <n>",
  }) as Filled<number>,
  /** The baselines to compare the set with. */
  baselines: filled(listed("a list of baselines", word(...baselineNames)), ["random-real"], {
    help: "what the set is compared with",
  }) as Filled<readonly BaselineName[]>,
};

const class0 = whole(0, 255);
const attackOptions = {
  /** The class whose images are misread. */
  from: asked(class0, { help: "which class is misread" }) as Asked<number>,
  /** The class for which they are taken. */
  to: asked(class0, { help: "which class it is taken for" }) as Asked<number>,
};

/** A poisoning: images of one class shall be taken for another. */
export interface Attack extends Complete<typeof attackOptions> {}

const attack: Kind<Attack> = object(attackOptions, (value, at) => {
  if (value.from === value.to) throw new Misfit(at, "two different classes", value, "range");
});

const percentage = number({ least: 0, most: 100 });
const figureOptions = {
  accuracy: asked(percentage, { help: "how many per cent it reports" }) as Asked<number>,
  /** Standard deviation over networks, if there are several. */
  spread: open(percentage, { help: "how far networks are spread, if there are several" }) as Open<number>,
  /** What the figure measures, and on which data. */
  text: asked(line("a line of text"), { help: "what the figure measures, and on which data" }) as Asked<string>,
};

/** A figure of the paper, in per cent. */
export interface PaperFigure extends Complete<typeof figureOptions> {}

const divergedOptions = {
  step: asked(whole(1), { help: "which outer step failed" }) as Asked<number>,
  tensor: asked(line("the name of a tensor"), { help: "which tensor was not finite" }) as Asked<string>,
  value: asked(line("a number"), { help: "what it held" }) as Asked<string>,
};

const halvingOptions: typeof divergedOptions & { readonly backTo: Asked<number> } = together(divergedOptions, {
  backTo: asked(whole(0), { help: "after which outer step the run went on" }) as Asked<number>,
});

const methodKind: Kind<KnownMethod> = variants(
  "an object",
  "name",
  Object.fromEntries(Object.entries(methods).map(([name, { options }]) => [name, options])),
  defaultMethod,
);

type Diverged = Complete<typeof divergedOptions>;
type Halving = Complete<typeof halvingOptions>;
type Outer = Complete<typeof outerGroup>;
type Evaluate = Complete<typeof evaluateOptions>;

/** Declares a recipe. */
export const recipeGroup = {
  name: asked(name, { help: "what the recipe is called, and the folder of its run" }) as Asked<string>,
  /** What the recipe makes, in one line. */
  summary: filled(line("a line of text"), "a recipe of one's own", {
    help: "what the recipe makes, in one line",
  }) as Filled<string>,
  /** The recipe that this one makes smaller, so that it ends in minutes; the name then ends in "-scaled". */
  scaledFrom: open(name, { help: "which recipe this one makes smaller, so that it ends in minutes" }) as Open<string>,
  data: asked(dataKind, { help: "which real images the set is learned from" }) as Asked<RecipeData>,
  model: asked(modelKind, { help: "which network the set is for" }) as Asked<RecipeModel>,
  init: filled(
    initKind,
    { kind: "random", scheme: "xavier-normal" },
    {
      help: "where initial weights come from",
    },
  ) as Filled<RecipeInit>,
  loss: filled(word("cross-entropy", "mse"), "cross-entropy", {
    help: "which loss the networks are trained and judged by",
  }) as Filled<Loss>,
  /** The method that learns the images. */
  method: filled(methodKind, { name: defaultMethod } as KnownMethod, {
    help: "which method learns the images; its options follow",
    flag: "--method <name>",
  }) as Filled<KnownMethod>,
  /** The networks in an outer step, whose gradients are averaged. */
  networksPerStep: filled(whole(1), 1, {
    help: "how many networks an outer step uses, whose gradients are averaged",
    flag: "--networks-per-step <n>",
    oldFlag: "--networks",
  }) as Filled<number>,
  outer: filled(object(outerGroup), {} as Outer, { help: "how the images are updated" }) as Filled<Outer>,
  evaluate: filled(object(evaluateOptions), {} as Evaluate, {
    help: "how the set is judged",
  }) as Filled<Evaluate>,
  /** The outer loss labels one class as another; distilled images keep their labels. */
  attack: open(attack, { help: "which class networks are taught to take for which other" }) as Open<Attack>,
  /** The paper's figure for these settings. */
  paper: open(object(figureOptions), {
    help: "what the paper reports for these settings",
  }) as Open<PaperFigure>,
  /** The same seed gives the same images, bit for bit. */
  seed: filled(whole(0), 1, {
    help: "which seed all random numbers come from: the same seed gives the same images, bit for bit",
    flag: "--seed <n>",
  }) as Filled<number>,
  /** In the folder of a run that diverged: the outer step that failed, and why. It has no effect. */
  diverged: open(object(divergedOptions), {
    help: "which outer step failed and why, in the folder of a run that diverged",
  }) as Open<Diverged>,
  /** In the folder of a run that went back, with half the step size: when and why. It has no effect. */
  halvings: open(listed("a list of divergences", object(halvingOptions)), {
    help: "after which outer steps the run went back, with half the step size, and why; in the folder of such a run",
  }) as Open<readonly Halving[]>,
};

/** A recipe with all its defaults filled in. */
export interface Recipe extends Complete<typeof recipeGroup> {}

const plainKind: Kind<Recipe> = object(recipeGroup, ({ data: { augment }, loss, method }, path) => {
  const own = declarationOf(method).loss;
  if (own && loss !== own)
    throw new Misfit([...path, "loss"], `"${own}" or nothing with ${method.name}`, loss, "range");
  const expected = noAugmentation(method);
  if (augment && expected) throw new Misfit([...path, "data", "augment"], expected, augment, "range");
});

export const recipeKind: Kind<Recipe> = {
  ...plainKind,
  read: (value, path) => plainKind.read!(withMethods(value), path),
};

/** Returns the recipe with those outer settings and the loss of its method, which the recipe does not say itself. */
function withMethods(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { method, outer = {} } = value;
  const { name = defaultMethod } = isObject(method) ? method : {};
  if (!isObject(outer) || !Object.hasOwn(methods, name as string)) return value;
  const { outer: ofMethod, loss } = methods[name as KnownMethod["name"]];
  return { ...(loss && { loss }), ...value, ...(ofMethod && { outer: outerOver(ofMethod, outer) }) };
}
