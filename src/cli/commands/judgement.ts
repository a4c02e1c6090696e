// Judges a set by a protocol for `distillate evaluate --protocol`, and prints what comes of it.
import { type Engine, type JudgedTraining, type Judgement, judge } from "../../index.ts";
import { visibleJson } from "../../quote.ts";
import type { JudgeOptions } from "../../run/options/judge.ts";
import { judgeCost } from "../../run/options/judge-problem.ts";
import { printable, writeNote } from "../errors.ts";
import { type ClusterFlags, clusterOf } from "../input/cluster.ts";
import { type EngineFlags, openEngine } from "../input/engine.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { baselineLabel } from "../output/baselines.ts";
import { ProgressLine, progressText } from "../output/progress.ts";
import { accuracy, count, plural, table } from "../output/text.ts";

/** What the command prints beside the judgement. */
interface Named {
  readonly file: string;
  readonly sha256: string;
  readonly findings?: unknown;
}

/** Judges, and prints a table or JSON. Returns the exit code: that of an interrupt, or 0. */
export async function showJudgement(
  options: Omit<JudgeOptions, "engine">,
  flags: EngineFlags & ClusterFlags & { readonly json?: true },
  named: Named,
): Promise<number> {
  if (options.protocol !== "paper") writeNote(costText(judgeCost(options)));
  const elsewhere = clusterOf(flags, `judge ${named.file}`, writeNote);
  const interrupt = watchInterrupts();
  const { signal } = interrupt;
  const line = new ProgressLine(process.stderr);
  const engine = await openEngine(flags, writeNote);
  try {
    const { threads, workers } = flags;
    const judgement = await judge({
      ...{ ...options, engine: engine as Engine, threads, workers, ...elsewhere, signal },
      onProgress({ stage, what, network, networks }) {
        const text = { label: `${stage}: ${what}`, done: network, total: networks, rest: "networks" };
        line.draw((columns) => progressText(text, columns));
      },
    });
    line.clear();
    const text = flags.json ? visibleJson({ ...named, ...judgement }) : linesOf(judgement).map(printable).join("\n");
    process.stdout.write(`${text}\n`);
    return 0;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    process.stderr.write("stopped; nothing was judged\n");
    return interrupt.exitCode;
  } finally {
    line.clear();
    await engine.dispose();
    interrupt.release();
  }
}

function costText({ networks, flops, wholeData }: ReturnType<typeof judgeCost>): string {
  const whole = wholeData > 0 ? `, ${Math.round((100 * wholeData) / flops)} % of them on all training images` : "";
  return `trains at least ${plural(networks, "network")}, ${Number((flops / 1e12).toPrecision(2))} TFLOP${whole}`;
}

/** Returns a line about the protocol, a table of all trainings, and the scores. */
function linesOf(judgement: Judgement): string[] {
  const { protocol, seeds, data, settings, trainings, storage } = judgement;
  const { validationImages: held, testImages } = data;
  const chosenBy = held > 0 ? `, choices by ${count(held)} training images of ${data.train}` : "";
  return [
    `${protocol}: ${plural(seeds.networks.length, "network")} each, seed ${seeds.judgement}, ${count(testImages)} test images of ${data.test}${chosenBy}`,
    `  ${plural(storage.images, "image")}, ${count(storage.bytes)} bytes as float32${settingsText(settings)}`,
    ...table([
      ["  trained on", "network", "augmentation", "learning rate", "validation", "test"],
      ...trainings.map(rowOf),
    ]),
    ...scoreLines(judgement),
  ];
}

interface EpochsText {
  readonly plain: number;
  readonly augmented?: number;
}

/** Says how long networks trained, and by which rule: ", sgd, 300 epochs, 1,000 with augmentation". */
function settingsText({ optimizer, epochs, wholeEpochs }: Judgement["settings"]): string {
  if (epochs === undefined) return "";
  const { plain, augmented } = (typeof epochs === "number" ? { plain: epochs } : epochs) as EpochsText;
  const parts = [
    ...(typeof optimizer === "string" ? [optimizer] : []),
    plural(plain, "epoch"),
    ...(augmented === undefined ? [] : [`${count(augmented)} with augmentation`]),
    ...(typeof wholeEpochs === "number" ? [`${count(wholeEpochs)} on all training images`] : []),
  ];
  return `; ${parts.join(", ")}`;
}

function rowOf({
  entry,
  architecture,
  augmentation,
  labels,
  learningRate,
  validation,
  test,
}: JudgedTraining): string[] {
  return [
    `  ${entryLabel(entry)}${labels === "hard" ? ", hard labels" : ""}`,
    architecture,
    augmentation === "own" ? "of the set" : augmentation,
    learningRate === undefined ? "learned" : String(learningRate),
    validation ? accuracy(validation) : "",
    accuracy(test),
  ];
}

function entryLabel(entry: JudgedTraining["entry"]): string {
  if (entry === "distilled") return "the set";
  return entry === "whole-data" ? "all training images" : baselineLabel(entry);
}

function scoreLines({ scores }: Judgement): string[] {
  if (scores.protocol === "paper") return [];
  if (scores.protocol === "dc-bench") {
    return table([
      ["  scores", "best augmentation", "", "mean over augmentations", "mean over networks"],
      ...scores.entries.map(({ entry, augmentation, best, overAugmentations, overArchitectures }) => [
        `  ${entryLabel(entry)}`,
        accuracy(best),
        augmentation,
        accuracy(overAugmentations),
        overArchitectures ? accuracy(overArchitectures) : "",
      ]),
    ]);
  }
  const { hlr, ior, lrs, gainAugmented, gainPlain, ars } = scores;
  const points = (share: number): string => (100 * share).toFixed(1);
  return [
    `  LRS ${points(lrs)} of 100: hard label recovery ${points(hlr)}, improvement over random ${points(ior)} points`,
    `  ARS ${points(ars)} of 100: better than random by ${points(gainAugmented)} points with augmentation, ${points(gainPlain)} without`,
  ];
}
