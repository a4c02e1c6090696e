// `distillate evaluate`: trains fresh networks on a saved set and tests them on real images.
import type { Command } from "commander";
import { createEngine, type Dataset, evaluate, ShapeError } from "../../index.ts";
import { printable } from "../errors.ts";
import { loadData, optionTexts, threadCount, wholeNumber } from "../options.ts";
import { ProgressLine, progressText } from "../progress.ts";
import { initOf, loadSet, modelOf, pretrainedInitOf, type SavedSet, seedOf } from "../saved-set.ts";
import { accuracy, count, plural } from "../text.ts";

interface EvaluateOptions {
  readonly data?: string;
  readonly networks: number;
  readonly weights?: string;
  readonly seed?: number;
  readonly threads: number | "auto";
  readonly json?: true;
}

const help = `
The file names the network and the initial weights that the images were
distilled for. Networks are trained on the images in their learned order, with
the learned learning rates; test images are normalised as the file says.

Examples:
  $ distillate evaluate runs/digits-random/distilled.safetensors
  $ distillate evaluate set.npz --data data/mnist --json | jq .mean
`;

export function addEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("train fresh networks on a saved set and test them")
    .argument("<file>", "a distilled set, .safetensors or .npz")
    .option("--data <dir>", optionTexts.data)
    .option(
      "--networks <n>",
      "networks to train; as many as there are where the initial weights are given",
      wholeNumber(1),
      20,
    )
    .option("--weights <dir>", "a pool of pretrained networks to start from, from `distillate train`")
    .option("--seed <n>", "of the initial weights (default: the seed in the file, as in its run)", wholeNumber(0))
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(evaluateFile);
}

async function evaluateFile(file: string, options: EvaluateOptions): Promise<void> {
  const saved = await loadSet(file);
  const [model, seed] = [modelOf(saved), options.seed ?? seedOf(saved)];
  const { weights } = options;
  const init = weights === undefined ? initOf(saved) : await pretrainedInitOf(saved, model, weights);
  const test = testImages(saved, (await loadData(options.data)).test);
  const line = new ProgressLine(process.stderr);
  const engine = await createEngine({ threads: options.threads });
  try {
    const { set, sha256 } = saved;
    const { networks, ...rest } = await evaluate({
      set,
      model,
      init,
      networks: options.networks,
      test,
      seed,
      engine,
      onProgress({ network, networks }) {
        const text = { label: "evaluating", done: network, total: networks, rest: "networks" };
        line.draw((columns) => progressText(text, columns));
      },
    });
    line.clear();
    const data = { name: test.name, test: test.count };
    const result = { file, data, init: init.kind, seed, networks, ...rest, sha256 };
    const on = `${count(test.count)} test images of ${test.name}`;
    const which = init.kind === "fixed" ? "the known network" : plural(networks, "network");
    const text = `${accuracy(result)} on ${on} (${which}, seed ${seed})`;
    process.stdout.write(`${options.json ? JSON.stringify(result) : printable(text)}\n`);
    const madeFrom = (set.recipe.data as { name?: unknown } | undefined)?.name;
    if (typeof madeFrom === "string" && madeFrom !== test.name) {
      process.stderr.write(printable(`note: ${file} was distilled from ${madeFrom}; see --data`) + "\n");
    }
  } finally {
    line.clear();
    await engine.dispose();
  }
}

/** `data` as the set wants it: of the same shape, and normalised by its mean and std. */
function testImages({ file, set }: SavedSet, data: Dataset): Dataset {
  const [ours, theirs] = [set, data].map(({ channels, height, width }) => `${channels}×${height}×${width}`);
  if (ours !== theirs) throw new ShapeError(`${file} has images of ${ours}, ${data.name} of ${theirs}`);
  if (data.classes > set.classes) {
    throw new ShapeError(`${file} has ${set.classes} classes, ${data.name} has ${data.classes}`);
  }
  return { ...data, mean: set.mean, std: set.std };
}
