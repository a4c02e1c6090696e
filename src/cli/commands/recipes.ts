// `distillate recipes`: what can be run, and what to expect of it.
import type { Command } from "commander";
import { defaultRecipe, recipes } from "../recipes.ts";
import { count, table } from "../text.ts";

const help = `
Example:
  $ distillate recipes
`;

export function addRecipes(program: Command): void {
  program
    .command("recipes")
    .description("list the recipes that `distillate run` knows")
    .addHelpText("after", help)
    .action(() => {
      const lines = recipes.flatMap(({ name, summary, images, data, modelName, outerSteps, paper }) => [
        `${name}${name === defaultRecipe ? "  (default)" : ""}`,
        `  ${summary}`,
        ...table([
          ["  images", `${images}`],
          ["  data", data],
          ["  model", modelName],
          ["  outer steps", count(outerSteps)],
          ["  paper", paper],
        ]),
        "",
      ]);
      lines.push("Run one with: distillate run <recipe>");
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}
