// `distillate baselines`: measures networks trained on as many real images as a recipe distils.
import type { Command } from "commander";
import { checkClasses } from "../../distill/fit.ts";
import { declarationOf } from "../../distill/methods/known.ts";
import { writeFileAtomic } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { recipeModel, recipeOptions } from "../../recipes/options.ts";
import { printable, withPath, writeNote } from "../errors.ts";
import { checkBaselineData, noteTest } from "../input/check-data.ts";
import { type ClusterFlags, clusterOf, clusterOption } from "../input/cluster.ts";
import { backendOption, type EngineFlags, openEngine } from "../input/engine.ts";
import { optionTexts, threadCount, wholeNumber, wholeNumbers } from "../input/options.ts";
import { addOverrides, overridden } from "../input/overrides.ts";
import { type DataFlags, heldOut, loadPools, loadRecipeData } from "../input/recipe-data.ts";
import { defaultRecipe, loadRecipe } from "../input/recipe-file.ts";
import {
  type BaselineName,
  baselineLabel,
  baselineNames,
  baselineRows,
  measureBaselines,
} from "../output/baselines.ts";
import { ProgressLine } from "../output/progress.ts";
import { count, table } from "../output/text.ts";

interface BaselinesOptions extends ClusterFlags, DataFlags, EngineFlags {
  readonly baselines?: readonly BaselineName[];
  readonly tuneEpochs?: readonly number[];
  readonly json?: true;
  readonly out?: string;
}

const help = `
Networks are trained on as many real images as the recipe distils to, in as
many steps. The learning rate, and what else there is to choose, is chosen on
training images that no such set contains; the test images only judge. Where the
recipe's method has a protocol of training, it is by that. All baselines are
measured unless --baselines says which.

Names:
${table(baselineNames.map((name) => [`  ${name}`, baselineLabel(name)])).join("\n")}

Examples:
  $ distillate baselines digits-random
  $ distillate baselines digits-random --data data/mnist --baselines k-means
  $ distillate baselines digits-fixed --tune-epochs 3,10 --json | jq .baselines
`;

export function addBaselines(program: Command): void {
  const command = program
    .command("baselines")
    .description("measure the baselines that a recipe's images must beat")
    .argument("[recipe]", "a name from `distillate recipes`, or a JSON file", defaultRecipe)
    .option("--tune-epochs <list>", "numbers of epochs to choose from (default: the recipe's)", wholeNumbers(1))
    .addOption(backendOption())
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .addOption(clusterOption())
    .option("--json", "print one JSON object")
    .option("--out <file>", "also write the JSON to a file")
    .addHelpText("after", help)
    .action(baselines);
  addOverrides(command);
}

async function baselines(nameOrFile: string, options: BaselinesOptions): Promise<void> {
  const { baselines: names = baselineNames, tuneEpochs: epochs, threads, workers, json, out } = options;
  const recipe = overridden(await loadRecipe(nameOrFile), options);
  const { train, test } = await loadRecipeData(recipe.data, options.dataset !== undefined);
  const network = recipeModel(recipe, train);
  checkClasses(train.name, train);
  noteTest({ train, test });
  const pools = await loadPools(recipe, network, nameOrFile);
  const { model, method, loss, seed, ...run } = recipeOptions(recipe, train, pools?.train);
  const init = pools ? heldOut(recipe, pools) : run.init;
  const like = { ...declarationOf(method).shape(method, model.classes), recipe: { loss } };
  checkBaselineData(train, names, like, model);
  const networks = Math.max(1, recipe.evaluate.networks);
  const elsewhere = clusterOf(options, `baselines of ${nameOrFile}`, writeNote);
  const line = new ProgressLine(process.stderr);
  const engine = await openEngine(options, writeNote);
  try {
    const measured = await measureBaselines(
      names,
      {
        ...{ train, test, model, init, like, networks, seed, engine, threads, workers, ...elsewhere },
        ...(epochs && { epochs }),
      },
      (name) => line.draw(() => `measuring ${baselineLabel(name)}`),
    );
    line.clear();
    const data = { name: test.name, train: train.count, test: test.count };
    const result = { recipe: recipe.name, data, images: like.steps * like.imagesPerStep, seed, baselines: measured };
    const bytes = new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`);
    if (out !== undefined) {
      await writeFileAtomic(out, bytes).catch((error: unknown) => {
        throw withPath(error, `cannot write ${out}`);
      });
    }
    const lines = json
      ? [visibleJson(result)]
      : [
          `Accuracy on ${count(test.count)} test images of ${test.name}, from ${result.images} images:`,
          ...table([["", "± std", "95 % of the mean", ""], ...baselineRows(measured, init.kind === "fixed")]),
        ].map(printable);
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    line.clear();
    await engine.dispose();
  }
}
