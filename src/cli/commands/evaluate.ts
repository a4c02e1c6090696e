// `distillate evaluate`: trains fresh networks on a saved set and tests them on real images.
import { type Command, Option } from "commander";
import { shiftAdvice } from "../../data/labels.ts";
import { comparedImages, setStorage } from "../../distill/storage.ts";
import {
  type DataShape,
  type Dataset,
  type DatasetSplit,
  type Engine,
  evaluate,
  type Model,
  randomInit,
  ShapeError,
  type WeightSource,
} from "../../index.ts";
import { shortName, visibleJson } from "../../quote.ts";
import type { RecipeModel } from "../../recipes/recipe.ts";
import { printable, writeNote } from "../errors.ts";
import { checkBaselineData, noteTest } from "../input/check-data.ts";
import { type ClusterFlags, clusterOf, clusterOption } from "../input/cluster.ts";
import { backendOption, type EngineFlags, openEngine } from "../input/engine.ts";
import { addForeignOptions, type ForeignFlags, foreignOptions } from "../input/foreign-flags.ts";
import { networkFor, networkName, networkText } from "../input/network-names.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import {
  addProtocolOptions,
  type ProtocolFlags,
  protocolOptions,
  refuseProtocolOptions,
} from "../input/protocol-flags.ts";
import { addDataOptions, type DataFlags, loadRecipeData, withDataOptions } from "../input/recipe-data.ts";
import { initOf, loadSet, modelOf, pretrainedInitOf, type SavedSet, seedOf } from "../input/saved-set.ts";
import { whitenedLike } from "../input/whitening.ts";
import {
  type BaselineName,
  baselineLabel,
  baselineList,
  baselineRows,
  baselinesText,
  measureBaselines,
} from "../output/baselines.ts";
import { ProgressLine, progressText } from "../output/progress.ts";
import { accuracy, count, interval, plural, storedText, table } from "../output/text.ts";
import { showJudgement } from "./judgement.ts";

/** The options of the command. */
export interface EvaluateOptions extends DataFlags, EngineFlags, ClusterFlags, ForeignFlags, ProtocolFlags {
  readonly model?: RecipeModel;
  readonly networks?: number;
  readonly epochs?: number;
  readonly order?: "learned" | "shuffled";
  readonly baselines: readonly BaselineName[];
  readonly weights?: string;
  readonly seed?: number;
  readonly json?: true;
}

const help = `
The file names the network and the initial weights that the images were
distilled for. Networks are trained on the images in their learned order, with
the learned learning rates, or by the protocol that the file names; test images
are normalised as the file says. With --model they are networks of another kind,
with fresh random weights. More --epochs than were learned go through the
learned learning rates again; 0 tells what networks read before they see the
images.

With --protocol networks train on the set and on baselines by the rules of a
benchmark, and its scores are printed (docs/protocols.md). What is chosen is
chosen on training images that are held back:
  paper       as the file says; nothing is chosen
  dc-bench    SGD for 300 epochs, 1,000 with augmentation, which is chosen
  dd-ranking  SGD for 1,000 epochs at a rate that is chosen; scores LRS and ARS

Examples:
  $ distillate evaluate runs/digits-random/distilled.safetensors
  $ distillate evaluate set.safetensors --epochs 10
  $ distillate evaluate set.safetensors --model convnet --baselines k-means
  $ distillate evaluate set.npz --data data/mnist --json | jq .mean
  $ distillate evaluate set.npz --protocol dc-bench --baselines k-center,herding
  $ distillate evaluate set.npz --protocol dd-ranking --architectures mlp,vgg11

Sets of other programs (DC, DSA, DM, MTT, DATM, IDC, FRePo) are read from .pt,
.npz, .npy and .safetensors, and nothing in them is run. They need --model.
Notes say what was declared, what the file says and what was guessed:
  $ distillate evaluate res.pt --entry "data[0]" --model convnet --data cifar10
  $ distillate evaluate data.pt --factor 2 --standardize cifar10 --model convnet
Published colour images are often whitened (ZCA). --zca measures the whitening
on the training images of --data, normalised as --normalization says:
  $ distillate evaluate images_best.pt --normalization pixels --zca 0.1 \\
      --data data/cifar10 --model convnet
`;

export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("train fresh networks on a saved set and test them")
    .argument("<file>", "a distilled set: .safetensors or .npz, or .pt and others of another program");
  addProtocolOptions(addForeignOptions(addDataOptions(command)))
    .option("--model <name>", networkText, networkName)
    .option(
      "--networks <n>",
      "networks to train; fewer if fewer initial weights are given (default: 200, or the least of the protocol)",
      wholeNumber(1),
    )
    .option(
      "--epochs <n>",
      "passes over the images (default: as many as were learned, or as the protocol says)",
      wholeNumber(0),
    )
    .addOption(
      new Option("--order <how>", "the order of the images in every pass (default: learned)").choices([
        "learned",
        "shuffled",
      ]),
    )
    .option("--weights <dir>", "a pool of pretrained networks to start from, from `distillate train`")
    .addOption(
      new Option("--baselines <list>", baselinesText).argParser(baselineList).default(baselineList("none"), "none"),
    )
    .option("--seed <n>", "the seed of the initial weights (default: that in the file, as in its run)", wholeNumber(0))
    .addOption(backendOption())
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .addOption(clusterOption())
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(async (file: string, options: EvaluateOptions) => {
      if (options.protocol === undefined) await evaluateFile(file, options);
      else process.exitCode = await judgeSaved(await loadNoted(file, options), options);
    });
}

/** A saved set, the networks that judge it, and the data, which are normalised as the file says. */
interface Loaded extends DatasetSplit {
  readonly saved: SavedSet;
  readonly model: Model;
  readonly init: WeightSource;
  readonly seed: number;
}

/** A saved set, with the data of the command where its whitening was measured on them. */
interface NotedSet extends SavedSet {
  readonly data?: DatasetSplit | undefined;
}

function loadData(options: EvaluateOptions): Promise<DatasetSplit> {
  const { zca: _, ...source } = withDataOptions({ name: "digits" }, options);
  return loadRecipeData(source, options.dataset !== undefined);
}

/** Loads a set, and tells what was guessed. */
async function loadNoted(file: string, options: EvaluateOptions): Promise<NotedSet> {
  const { zca: epsilon } = withDataOptions({ name: "digits" }, options);
  const data = epsilon === undefined ? undefined : await loadData(options);
  const saved = await loadSet(file, foreignOptions(options), data && { epsilon: epsilon!, train: data.train });
  for (const { what, value, by, because } of saved.findings ?? []) writeNote(`${what} ${value}, ${by}: ${because}`);
  return { ...saved, data };
}

/** Loads what the set is judged with, and refuses data with which baselines would fail. */
async function loaded(saved: NotedSet, options: EvaluateOptions): Promise<Loaded> {
  const { model, init } = await judges(saved, options);
  const data = saved.data ?? (await loadData(options));
  const [plain, plainTest] = [fitting(saved, data.train), fitting(saved, data.test)];
  noteTest({ train: plain, test: plainTest });
  checkBaselineData(plain, options.baselines, { ...saved.set, ...comparedImages(saved.set) }, model);
  const test = await whitenedLike(saved.set, plainTest);
  const asksTrain = options.baselines.length > 0 || options.protocol !== undefined;
  const train = asksTrain ? await whitenedLike(saved.set, plain) : plain;
  return { saved, model, init, train, test, seed: options.seed ?? seedOf(saved) };
}

/** Judges the set by a protocol, and prints what comes of it, as JSON beside `facts`. Returns the exit code. */
export async function judgeSaved(saved: NotedSet, options: EvaluateOptions, facts: object = {}): Promise<number> {
  const given = protocolOptions(options);
  const { model, init, train, test, seed } = await loaded(saved, options);
  const { file, set, sha256, findings } = saved;
  const own = given.protocol === "paper" ? { init } : {};
  const { networks, epochs, threads, workers } = options;
  const shape = shapeOf(saved);
  const architectures = Object.fromEntries(
    (options.architectures ?? []).map((name) => [name, networkFor(networkName(name), shape)]),
  );
  const problem = { set, ...given, train, test, model, ...own, networks, epochs, architectures, seed };
  return showJudgement(
    problem,
    { ...options, threads, workers },
    { file, sha256, ...(findings && { findings }), ...facts },
  );
}

async function evaluateFile(file: string, options: EvaluateOptions): Promise<void> {
  refuseProtocolOptions(options);
  const { saved, model, init, train, test, seed } = await loaded(await loadNoted(file, options), options);
  const { set, sha256, findings } = saved;
  const { threads, workers, epochs, order } = options;
  const elsewhere = clusterOf(options, `evaluate ${file}`, writeNote);
  const line = new ProgressLine(process.stderr);
  const tested = { model, init, test, seed };
  const how = { ...(epochs !== undefined && { epochs }), ...(order !== undefined && { order }) };
  const engine = await openEngine(options, writeNote, (engine) =>
    evaluate({ ...tested, ...how, set, networks: 1, engine: engine as Engine }),
  );
  const shared = { ...tested, networks: options.networks ?? 200, engine, threads, workers, ...elsewhere };
  try {
    const { networks, ...rest } = await evaluate({
      ...shared,
      ...how,
      set,
      onProgress({ network, networks }) {
        const text = { label: "evaluating", done: network, total: networks, rest: "networks" };
        line.draw((columns) => progressText(text, columns));
      },
    });
    const baselines = await measureBaselines(
      options.baselines,
      { ...shared, train, like: { ...set, ...comparedImages(set) } },
      (name) => line.draw(() => `comparing with ${baselineLabel(name)}`),
    );
    line.clear();
    const compared = options.baselines.length > 0;
    const { images, ...storage } = setStorage(set);
    const result = {
      ...{ file, data: { name: test.name, test: test.count }, init: init.kind, seed, networks },
      ...{ epochs: epochs ?? set.training?.epochs ?? set.epochs },
      ...{ order: order ?? (set.training ? "shuffled" : "learned"), ...rest },
      ...(compared && { baselines }),
      ...(findings && { findings }),
      ...{ images, storage },
      sha256,
    };
    const on = `${count(test.count)} test images of ${test.name}`;
    const which = init.kind === "fixed" ? "the known network" : plural(networks, "network");
    const range = rest.ci95 === undefined ? "" : `, 95 % interval of the mean ${interval(rest)}`;
    const lines = [
      `${accuracy(result)} on ${on} (${which}, seed ${seed}${range})`,
      `after training on ${images} images${storedText(storage)}`,
    ];
    if (compared) lines.push(...table(baselineRows(baselines, init.kind === "fixed")));
    process.stdout.write(`${options.json ? visibleJson(result) : lines.map(printable).join("\n")}\n`);
    const madeFrom = (set.recipe.data as { name?: unknown } | undefined)?.name;
    if (typeof madeFrom === "string" && madeFrom !== test.name) {
      writeNote(`${file} was distilled from ${shortName(madeFrom, 60)}; see --data`);
    }
  } finally {
    line.clear();
    await engine.dispose();
  }
}

/** Returns the networks that the file names, or others with fresh weights, or those of a pool. */
async function judges(
  saved: SavedSet,
  { model: other, weights, protocol = "paper" }: Pick<EvaluateOptions, "model" | "weights" | "protocol">,
): Promise<{ model: Model; init: WeightSource }> {
  const model = other === undefined ? modelOf(saved) : networkFor(other, shapeOf(saved));
  if (weights !== undefined) return { model, init: await pretrainedInitOf(saved, model, weights) };
  // The initial weights that the file names are for its own network, and for those protocols that do not say them.
  return { model, init: other === undefined && protocol === "paper" ? initOf(saved) : randomInit() };
}

/** Returns what a network must take to train on the set. */
function shapeOf({ file, set }: SavedSet): DataShape & { readonly name: string } {
  const { channels, height, width, classes, steps, imagesPerStep } = set;
  return { name: file, count: steps * imagesPerStep, channels, height, width, classes };
}

/** Normalises `data` by the set's mean and std. Throws ShapeError if it has another shape than the set. */
export function fitting({ file, set }: SavedSet, data: Dataset): Dataset {
  const [ours, theirs] = [set, data].map(({ channels, height, width }) => `${channels}×${height}×${width}`);
  if (ours !== theirs) {
    throw new ShapeError(`${file} has images of ${ours}, ${data.name} of ${theirs}: see --size and --padding`);
  }
  if (data.classes > set.classes) {
    const advice = shiftAdvice(data.labels, set.classes);
    throw new ShapeError(`${file} has ${set.classes} classes, ${data.name} has ${data.classes}${advice}`);
  }
  return { ...data, mean: set.mean, std: set.std };
}
