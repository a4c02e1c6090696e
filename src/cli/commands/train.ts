// `distillate train`: trains pools of networks on real images, to distil for and to evaluate on.
import { join } from "node:path";
import { type Command, Option } from "commander";
import { type Complete, completed, withDefaults } from "../../checks/declare.ts";
import { checkClasses } from "../../distill/fit.ts";
import { poolAdam, poolSgdRate } from "../../distill/outer-options.ts";
import type { Engine as EngineHere } from "../../engine/engine.ts";
import { DivergedError, type Evaluation, type PoolProgress, randomInit, type WeightSource } from "../../index.ts";
import { type LoadedPool, trainPoolFolder } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { trainingOptions } from "../../recipes/declared/init.ts";
import { freshInit, recipeModel } from "../../recipes/options.ts";
import type { PoolTraining, RecipeModel } from "../../recipes.ts";
import { printable, UsageError, withPath, writeNote } from "../errors.ts";
import { noteTest } from "../input/check-data.ts";
import { type ClusterFlags, clusterOf, clusterOption } from "../input/cluster.ts";
import { backendOption, type EngineFlags, openEngine } from "../input/engine.ts";
import { addFlags, flagsOf, givenIn } from "../input/flags.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import { addDataOptions, type DataFlags, loadRecipeData, poolFolder, withDataOptions } from "../input/recipe-data.ts";
import { checkWritable, loadRecipe } from "../input/recipe-file.ts";
import { clock, ProgressLine, progressText, Rate } from "../output/progress.ts";
import { accuracy, plural } from "../output/text.ts";

interface TrainOptions extends DataFlags, EngineFlags, ClusterFlags {
  readonly model?: (typeof modelNames)[number];
  readonly seed: number;
  readonly out?: string;
  readonly json?: true;
}

const help = `
Makes two folders, train/ and test/, with a file for each network and a
manifest.json: sets are distilled for the networks of the first and evaluated on
those of the second. With --keep-epochs a second file for each network of the
first has its weights before training and after each pass, which trajectory
matching needs. After an interruption the same command continues; with more
networks it adds those that are missing.

With a recipe it trains the networks that the recipe starts from, as long as the
paper does unless options change that. For a recipe in a file it writes only
into that file's folder, unless --out names another.

Examples:
  $ distillate train --networks 8 --test-networks 4 --epochs 5
  $ distillate train --data data/mnist --networks 200 --workers 2
  $ distillate train mnist-usps --data data/mnist
`;

const modelNames = ["lenet", "alexCifarNet"] as const;

/** The training when no recipe is given, with a tenth of the paper's networks. */
const { data: _, ...usualOptions } = withDefaults(trainingOptions, { networks: 20 });
const usual = { data: { name: "digits" }, model: { name: "lenet" }, ...completed(usualOptions, {}) } as const;

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .description("train networks on a data set, for pretrained initial weights")
    .argument("[recipe]", "train the networks that this recipe starts from");
  addDataOptions(command).addOption(
    new Option("--model <name>", "which network is trained (default: lenet)").choices(modelNames),
  );
  addFlags(command, flagsOf(usualOptions), true);
  command
    .option("--seed <n>", "the same seed gives the same networks, bit for bit", wholeNumber(0), 1)
    .addOption(backendOption())
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .addOption(clusterOption())
    .option("--out <dir>", "folder for the pools (default: the recipe's, or pools/<data>)")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(async (nameOrFile: string | undefined, options: TrainOptions) => {
      process.exitCode = await train(nameOrFile, options);
    });
}

/** Returns the settings of a recipe's pool, its network, and the folder for it. */
async function poolOf(
  nameOrFile: string | undefined,
): Promise<PoolTraining & { model: RecipeModel; init: WeightSource; pool?: string; folder?: string }> {
  if (nameOrFile === undefined) return { ...usual, init: randomInit() };
  const { name, model, init } = await loadRecipe(nameOrFile);
  if (!("pool" in init) || init.training === undefined) {
    throw new UsageError(`${name} starts from no networks that could be trained here`);
  }
  const begins = init.kind === "experts" ? freshInit(init) : randomInit();
  return { ...init.training, model, init: begins, pool: init.pool, folder: poolFolder(init) };
}

/** Returns how many networks are trained and how, in the order of a manifest. */
function trainingOf({ networks, testNetworks, ...training }: Complete<typeof usualOptions>) {
  const { epochs, batch, optimizer, momentum, learningRate, decayEvery, decayFactor, keepEpochs } = training;
  const rule = { optimizer, momentum, learningRate };
  return { networks, testNetworks, epochs, batch, ...rule, decayEvery, decayFactor, keepEpochs };
}

function rateOf({ learningRate, optimizer }: Pick<PoolTraining, "learningRate" | "optimizer">): number {
  return learningRate ?? (optimizer === "sgd" ? poolSgdRate : poolAdam.learningRate.default!);
}

async function train(nameOrFile: string | undefined, options: TrainOptions): Promise<number> {
  const wanted = await poolOf(nameOrFile);
  const source = withDataOptions(wanted.data, options);
  const { train: data, test } = await loadRecipeData(source, options.dataset !== undefined);
  const model = recipeModel({ model: options.model ? { name: options.model } : wanted.model, data: source }, data);
  checkClasses(data.name, data);
  noteTest({ train: data, test });
  const { networks, testNetworks, ...training } = trainingOf({ ...wanted, ...givenIn(usualOptions, options) });
  const { json, out = wanted.folder ?? join("pools", data.name) } = options;
  if (nameOrFile !== undefined && options.out === undefined) {
    for (const path of [wanted.pool, join(out, "train"), join(out, "test")]) await checkWritable(nameOrFile, path!);
  }
  const { seed, threads, workers } = options;
  const elsewhere = clusterOf(options, `train ${nameOrFile ?? data.name}`, writeNote);
  const settings = { ...training, seed, threads, workers, ...elsewhere };
  const interrupt = watchInterrupts();
  const { signal } = interrupt;
  const result: Record<string, PoolResult> = {};
  // Without one each worker, or this thread, starts an engine of its own.
  const engine = options.backend === "wasm" ? undefined : await openEngine(options, writeNote);
  try {
    for (const [pool, count] of [["train", networks] as const, ["test", testNetworks] as const]) {
      if (count === 0) continue;
      const folder = join(out, pool);
      const report = new PoolReport(pool);
      try {
        const trained = await trainPoolFolder(folder, {
          ...settings,
          ...(engine && { engine: engine as EngineHere }),
          ...report.listeners,
          data,
          ...(source.augment && { augment: source.augment }),
          test,
          model,
          init: wanted.init,
          pool,
          // Nothing is matched on networks to evaluate on.
          keepEpochs: training.keepEpochs && pool === "train",
          networks: count,
          signal,
        });
        result[pool] = resultOf(folder, trained);
        if (!json) process.stdout.write(printable(sentence(result[pool])) + "\n");
      } catch (error) {
        if (signal.aborted && error === signal.reason) return interrupted(folder, interrupt.exitCode);
        throw error instanceof DivergedError
          ? withOptionNames(error, rateOf(training), folder)
          : withPath(error, `cannot write ${folder}`);
      } finally {
        report.close();
      }
    }
    if (json) process.stdout.write(`${visibleJson(result)}\n`);
    return 0;
  } finally {
    await engine?.dispose();
    interrupt.release();
  }
}

/** Returns the error with its advice in the words of the command line. */
function withOptionNames(error: DivergedError, learningRate: number, folder: string): Error {
  const [fault] = error.message.split("; ");
  const advice = `lower --learning-rate (${learningRate} now) and choose another folder by --out`;
  return new Error(`${fault}; the networks trained before are in ${folder}; ${advice}`, { cause: error });
}

interface PoolResult {
  readonly folder: string;
  readonly networks: number;
  readonly evaluation?: Omit<Evaluation, "accuracies">;
}

function resultOf(folder: string, { weights, evaluation }: LoadedPool): PoolResult {
  if (!evaluation) return { folder, networks: weights.length };
  const { accuracies: _, ...summary } = evaluation;
  return { folder, networks: weights.length, evaluation: summary };
}

function sentence({ folder, networks, evaluation }: PoolResult): string {
  const tested = evaluation ? `, ${accuracy(evaluation)} of the test images` : "";
  return `${folder}: ${plural(networks, "network")}${tested}`;
}

function interrupted(folder: string, exitCode: number): number {
  process.stderr.write(
    printable(`stopped; the networks trained so far are in ${folder}, run the command again`) + "\n",
  );
  return exitCode;
}

/** Shows the progress of a pool on stderr: a line that is redrawn on a terminal, else one for each network. */
class PoolReport {
  readonly #line = new ProgressLine(process.stderr);
  readonly #label: string;
  readonly #rate = new Rate(0);
  readonly #startedAt = performance.now();
  #rest = "";

  constructor(pool: string) {
    this.#label = `${pool} pool: passes`;
  }

  readonly listeners = {
    onProgress: ({ done, total, loss }: PoolProgress): void => {
      const perSecond = this.#rate.add(done, (performance.now() - this.#startedAt) / 1000);
      this.#rest = `loss ${loss.toFixed(3)}, ${clock((total - done) / perSecond)} left`;
      const text = { label: this.#label, done, total, rest: this.#rest };
      this.#line.draw((columns) => progressText(text, columns));
    },
    onNetwork: ({ network, accuracy: share }: { readonly network: number; readonly accuracy?: number }): void => {
      if (process.stderr.isTTY) return;
      const tested = share === undefined ? "" : `, ${(100 * share).toFixed(1)} %`;
      process.stderr.write(`network ${network}${tested}: ${this.#rest}\n`);
    },
  };

  close(): void {
    this.#line.clear();
  }
}
