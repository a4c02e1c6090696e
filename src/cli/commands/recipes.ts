// `distillate recipes`: what can be run, and what to expect of it.
import type { Command } from "commander";
import { outerOptions } from "../../distill/method.ts";
import { estimateMemory, type PaperFigure, type Recipe, recipeGroups } from "../../index.ts";
import { knownShape } from "../../recipes/data-shapes.ts";
import { distilledImages, modelName, recipeMethod, recipeModel } from "../../recipes/options.ts";
import { defaultRecipe, loadRecipe } from "../recipe-file.ts";
import { count, table } from "../text.ts";

interface RecipesOptions {
  readonly json?: true;
}

const help = `
A recipe as JSON is a file to edit and to run.

Examples:
  $ distillate recipes
  $ distillate recipes mnist-random --json > mine.json
  $ distillate run mine.json
`;

export function addRecipes(program: Command): void {
  program
    .command("recipes")
    .description("list the recipes that `distillate run` knows")
    .argument("[recipe]", "only this one")
    .option("--json", "print JSON: the list, or the recipe itself")
    .addHelpText("after", help)
    .action(list);
}

async function list(name: string | undefined, { json }: RecipesOptions): Promise<void> {
  if (name !== undefined) {
    const recipe = await loadRecipe(name);
    const text = json ? JSON.stringify(recipe, null, 2) : describe(factsOf(recipe)).join("\n");
    process.stdout.write(`${text}\n`);
  } else if (json) {
    const all = recipeGroups.flatMap(({ title, recipes }) =>
      recipes.map((recipe) => ({ group: title, ...factsOf(recipe) })),
    );
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  } else {
    const lines = recipeGroups.flatMap(({ title, recipes }) => [
      title,
      "",
      ...recipes.flatMap((recipe) => [...describe(factsOf(recipe)), ""]),
    ]);
    process.stdout.write(`${[...lines, "Run one with: distillate run <recipe>"].join("\n")}\n`);
  }
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(recipe: Recipe) {
  const { name, summary, data, paper = null } = recipe;
  const facts = { name, summary, data: data.name, model: modelName(recipe.model), paper };
  const shape = knownShape(data);
  if (!shape) return { ...facts, images: null, outerSteps: null, memory: null };
  const outer = outerOptions(recipe.outer, shape.count);
  const model = recipeModel(recipe, shape);
  const memory = estimateMemory({ data: shape, model, method: recipeMethod(recipe), outer }).total;
  return { ...facts, images: distilledImages(recipe, model.classes), outerSteps: outer.steps, memory };
}

function describe({ name, summary, data, model, images, outerSteps, memory, paper }: Facts): string[] {
  return [
    `${name}${name === defaultRecipe ? "  (default)" : ""}`,
    `  ${summary}`,
    ...table([
      ...(images === null ? [] : [["  images", `${images}`]]),
      ["  data", data],
      ["  model", model],
      ...(outerSteps === null ? [] : [["  outer steps", count(outerSteps)]]),
      ...(memory === null ? [] : [["  memory", `${count(Math.round(memory / 2 ** 20))} MiB`]]),
      ...(paper === null ? [] : [["  paper", figure(paper)]]),
    ]),
  ];
}

/** "79.5 ± 8.1 % on MNIST, 200 networks". */
function figure({ accuracy, spread, text }: PaperFigure): string {
  return `${accuracy}${spread === undefined ? "" : ` ± ${spread}`} % ${text}`;
}
