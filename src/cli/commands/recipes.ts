// `distillate recipes`: lists what can be run, and what to expect of it.
import type { Command } from "commander";
import { datasetNames } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { recipeCost } from "../../recipes/cost.ts";
import { knownShape } from "../../recipes/data-shapes.ts";
import { modelName } from "../../recipes/options.ts";
import { type PaperFigure, type Recipe, recipeGroups, recipes } from "../../recipes.ts";
import { printable } from "../errors.ts";
import { isHere } from "../input/recipe-data.ts";
import { defaultRecipe, loadRecipe } from "../input/recipe-file.ts";
import { machineSpeed, type Speed, secondsOf } from "../output/speed.ts";
import { count, duration, mebibytes, table } from "../output/text.ts";

interface RecipesOptions {
  readonly json?: true;
}

const help = `
Times are those of the outer steps only, on all threads of this machine, whose
speed is measured once a day in about a second. A recipe in JSON is a file that
you can edit and run.

Examples:
  $ distillate recipes
  $ distillate recipes mnist-random
  $ distillate recipes mnist-random --json > mine.json
  $ distillate run mine.json
`;

export function addRecipes(program: Command): void {
  program
    .command("recipes")
    .description("list the recipes that `distillate run` knows")
    .argument("[recipe]", "only this one, a name or a JSON file")
    .option("--json", "print JSON: the list, or the recipe itself")
    .addHelpText("after", help)
    .action(async (name: string | undefined, options: RecipesOptions) => {
      const lines = await (name === undefined ? all(options) : one(name, options));
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}

async function all({ json }: RecipesOptions): Promise<string[]> {
  const speed = await machineSpeed();
  const here = new Map<Recipe, boolean>();
  for (const recipe of recipes) here.set(recipe, await isHere(recipe.data));
  const groups = recipeGroups.map(({ title, recipes }) => ({
    title,
    all: recipes.map((recipe) => factsOf(recipe, speed, here.get(recipe)!)),
  }));
  const flat = groups.flatMap(({ title, all }) => all.map((facts) => ({ group: title, ...facts })));
  if (json) return [JSON.stringify(flat, null, 2)];
  const heads = ["", "images", "  data", "steps", "about", "memory", "paper, %"];
  const [head, ...lines] = table([heads, ...groups.flatMap(({ all }) => all.map(row))]);
  return [
    head!,
    ...groups.flatMap(({ title, all }) => [title, ...lines.splice(0, all.length), ""]),
    "about: the time of the outer steps on this machine.",
    "- before data: not here yet; give --data <folder, archive or file>, or download by --dataset <name>",
    `one of ${datasetNames.join(", ")}. More about a recipe: distillate recipes <recipe>`,
    "Run one: distillate run <recipe>",
  ];
}

async function one(name: string, { json }: RecipesOptions): Promise<string[]> {
  const recipe = await loadRecipe(name);
  return json
    ? [visibleJson(recipe, 2)]
    : describe(factsOf(recipe, await machineSpeed(), await isHere(recipe.data))).map(printable);
}

type Facts = ReturnType<typeof factsOf>;

/** Collects the facts; null stands for those that are unknown until the data are here. */
function factsOf(recipe: Recipe, speed: Speed, dataHere: boolean) {
  const { name, summary, data, paper = null } = recipe;
  const shape = knownShape(data);
  const cost = shape === undefined ? undefined : recipeCost(recipe, shape);
  return {
    name,
    summary,
    data: data.name,
    dataHere,
    model: modelName(recipe.model),
    images: cost?.images ?? null,
    outerSteps: cost?.outerSteps ?? null,
    seconds: cost ? Number(secondsOf(cost, speed).toPrecision(2)) : null,
    memory: cost?.memory ?? null,
    fits: cost?.fits ?? true,
    paper,
  };
}

function row({ name, images, data, dataHere, outerSteps, seconds, memory, paper }: Facts): string[] {
  return [
    `  ${name}`,
    known(images, String).padStart("images".length),
    `${dataHere ? " " : "-"} ${data}`,
    known(outerSteps, count).padStart("23,600".length),
    known(seconds, duration),
    known(memory, mebibytes).padStart("100 MiB".length),
    paper === null ? "" : figure(paper),
  ];
}

function describe({
  name,
  summary,
  data,
  dataHere,
  model,
  images,
  outerSteps,
  seconds,
  memory,
  fits,
  paper,
}: Facts): string[] {
  return [
    `${name}${name === defaultRecipe ? "  (default)" : ""}`,
    `  ${summary}`,
    ...table([
      ["  images", known(images, String)],
      ["  data", dataHere ? data : `${data}, not here: see --data and --dataset`],
      ["  model", model],
      ["  outer steps", known(outerSteps, count)],
      ["  time", seconds === null ? "unknown" : `about ${duration(seconds)} on this machine, evaluation apart`],
      ["  memory", `${known(memory, mebibytes)}${fits ? "" : ", more than the 4 GiB of WebAssembly"}`],
      ...(paper === null ? [] : [["  paper", `${figure(paper)} % ${paper.text}`]]),
    ]),
    `  distillate run ${name}`,
  ];
}

const known = (value: number | null, text: (value: number) => string): string => (value === null ? "?" : text(value));

/** Returns "79.5 ± 8.1". */
function figure({ accuracy, spread }: PaperFigure): string {
  return `${accuracy}${spread === undefined ? "" : ` ± ${spread}`}`;
}
