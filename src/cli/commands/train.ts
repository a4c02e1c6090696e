// `distillate train`: pools of networks trained on real images, to distil for and to evaluate on.
import { join } from "node:path";
import { type Command, Option } from "commander";
import { type Evaluation, type PoolProgress, randomInit } from "../../index.ts";
import { type LoadedPool, trainPoolFolder } from "../../node.ts";
import { recipeModel } from "../../recipes/options.ts";
import { printable, withPath } from "../errors.ts";
import { watchInterrupts } from "../interrupt.ts";
import { loadData, numberFrom, optionTexts, threadCount, wholeNumber } from "../options.ts";
import { clock, ProgressLine, progressText, Rate } from "../progress.ts";
import { accuracy, plural } from "../text.ts";

interface TrainOptions {
  readonly data?: string;
  readonly model: (typeof modelNames)[number];
  readonly networks: number;
  readonly testNetworks: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly decayEvery: number;
  readonly decayFactor: number;
  readonly seed: number;
  readonly threads: number | "auto";
  readonly workers: number;
  readonly out?: string;
  readonly json?: true;
}

const help = `
Leaves two folders, train/ and test/, with a file for each network and a
manifest.json: sets are distilled for the networks of the first and evaluated on
those of the second. The same command goes on where it was interrupted; with
more networks it adds those that are missing.

Examples:
  $ distillate train --networks 8 --test-networks 4 --epochs 5
  $ distillate train --data data/mnist --networks 200 --test-networks 20 --workers 2
`;

const modelNames = ["lenet", "alexCifarNet"] as const;

export function addTrain(program: Command): void {
  program
    .command("train")
    .description("train networks on a data set, for pretrained initial weights")
    .option("--data <dir>", optionTexts.data)
    .addOption(new Option("--model <name>", "the network").choices(modelNames).default(modelNames[0]))
    .option("--networks <n>", "networks to distil for", wholeNumber(1, 9999), 20)
    .option("--test-networks <n>", "networks to evaluate on, 0 for none", wholeNumber(0, 9999), 20)
    .option("--epochs <n>", "passes over the images", wholeNumber(1), 40)
    .option("--batch <n>", "images of a step", wholeNumber(1), 1024)
    .option("--learning-rate <x>", "Adam's step size", numberFrom(0, 100), 2e-4)
    .option("--decay-every <n>", "passes between two decays of the step size", wholeNumber(1), 20)
    .option("--decay-factor <x>", "of each decay", numberFrom(0, 1), 0.5)
    .option("--seed <n>", "the same seed gives the same networks, bit for bit", wholeNumber(0), 1)
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .option("--out <dir>", "folder for the pools (default: pools/<data>)")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(async (options: TrainOptions) => {
      process.exitCode = await train(options);
    });
}

async function train(options: TrainOptions): Promise<number> {
  const { train: data, test } = await loadData(options.data);
  const model = recipeModel({ model: { name: options.model }, data: { name: data.name } }, data);
  const { networks, testNetworks, out = join("pools", data.name), json } = options;
  const { epochs, batch, learningRate, decayEvery, decayFactor, seed, threads, workers } = options;
  const settings = { epochs, batch, learningRate, decayEvery, decayFactor, seed, threads, workers };
  const interrupt = watchInterrupts();
  const { signal } = interrupt;
  const result: Record<string, PoolResult> = {};
  try {
    for (const [pool, count] of [["train", networks] as const, ["test", testNetworks] as const]) {
      if (count === 0) continue;
      const folder = join(out, pool);
      const report = new PoolReport(pool);
      try {
        const trained = await trainPoolFolder(folder, {
          ...settings,
          ...report.listeners,
          data,
          test,
          model,
          init: randomInit(),
          pool,
          networks: count,
          signal,
        });
        result[pool] = resultOf(folder, trained);
        if (!json) process.stdout.write(printable(sentence(result[pool])) + "\n");
      } catch (error) {
        if (signal.aborted && error === signal.reason) return interrupted(folder, interrupt.exitCode);
        throw withPath(error, `cannot write ${folder}`);
      } finally {
        report.close();
      }
    }
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } finally {
    interrupt.release();
  }
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

/** How far a pool is, on stderr: a line that is redrawn on a terminal, else one for each network. */
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
