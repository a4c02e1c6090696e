// `distillate inspect`: shows what a saved set holds, without training anything.
import type { Command } from "commander";
import { decoderArrays, decoderShapes, shrinks } from "../../distill/stored-decoder.ts";
import { contactSheet } from "../../formats/contact-sheet.ts";
import { type DistilledSet, setStorage } from "../../index.ts";
import { writeFileAtomic } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { printable, withPath } from "../errors.ts";
import { addForeignOptions, type ForeignFlags, foreignOptions } from "../input/foreign-flags.ts";
import { loadSet } from "../input/saved-set.ts";
import { storedText, table } from "../output/text.ts";

interface InspectOptions extends ForeignFlags {
  readonly png?: string;
  readonly json?: true;
}

/** The longest line. */
const columns = 80;

const help = `
Examples:
  $ distillate inspect runs/digits-random/distilled.npz --png sheet.png
  $ distillate inspect set.safetensors --json | jq .recipe
`;

export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .description("show what a saved set holds")
    .argument("<file>", "a distilled set: .safetensors or .npz, or .pt and others of another program");
  addForeignOptions(command)
    .option("--png <file>", "draw the images: a row per step, a column per class")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(inspect);
}

async function inspect(file: string, { png, json, ...declared }: InspectOptions): Promise<void> {
  const { set, sha256 } = await loadSet(file, foreignOptions(declared));
  if (png !== undefined) {
    await writeFileAtomic(png, await contactSheet(set)).catch((error: unknown) => {
      throw withPath(error, `cannot write ${png}`);
    });
  }
  const facts = { file, ...factsOf(set), sha256 };
  const lines = json ? [visibleJson(facts)] : textOf(facts).map(printable);
  if (png !== undefined && !json) lines.push(printable(`drawn to ${png}`));
  process.stdout.write(`${lines.join("\n")}\n`);
}

type Facts = ReturnType<typeof factsOf> & { readonly file: string; readonly sha256: string };

function factsOf(set: DistilledSet) {
  const { steps, epochs, imagesPerStep, channels, height, width, classes, training, recipe } = set;
  return {
    steps,
    epochs,
    imagesPerStep,
    channels,
    height,
    width,
    classes,
    images: { shape: [steps, imagesPerStep, channels, height, width], ...range(set.images) },
    targets: { shape: [steps, imagesPerStep, classes], ...range(set.targets) },
    storage: setStorage(set),
    decoder: decoderFacts(set),
    training,
    learningRates: training ? undefined : ratesOf(set),
    normalisation: { mean: set.mean, std: set.std },
    whitening: set.whitening && {
      epsilon: set.whitening.epsilon,
      matrix: { shape: [set.whitening.mean.length, set.whitening.mean.length], ...range(set.whitening.matrix) },
    },
    recipe,
  };
}

/** Describes what the images are decoded from. */
function decoderFacts({ decoder, ...sizes }: DistilledSet) {
  if (!decoder) return undefined;
  const arrays = decoderArrays(decoder);
  const shapes = Object.entries(decoderShapes(decoder, sizes));
  const tensors = Object.fromEntries(
    shapes.map(([name, shape]) => [name, { shape: [...shape], ...range(arrays[name]!) }]),
  );
  return { name: decoder.name, [decoder.name === "formation" ? "factor" : "scale"]: shrinks(decoder), tensors };
}

function ratesOf({ steps, epochs, learningRates }: DistilledSet) {
  return { shape: [steps * epochs], ...range(learningRates), values: Array.from(learningRates) };
}

function range(values: Float32Array): { min: number; max: number; mean: number } {
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}

function textOf(facts: Facts): string[] {
  const { file, images, targets, storage, decoder, training, learningRates, whitening } = facts;
  const { steps, epochs, imagesPerStep, normalisation, recipe, sha256 } = facts;
  const row = (name: string, { shape, min, max, mean }: Facts["images"]): string[] => {
    const [low, high, middle] = [min, max, mean].map(number);
    return [`  ${name}`, `[${shape.join(", ")}]`, `${low} to ${high}`, `mean ${middle}`];
  };
  return [
    `${file}: ${steps * imagesPerStep} distilled images${training ? "" : `, ${steps} steps × ${epochs} epochs`}${storedText(storage)}`,
    ...table([
      ["tensors", "shape", "values", ""],
      row("images", images),
      row("targets", targets),
      ...Object.entries(decoder?.tensors ?? {}).map(([name, tensor]) => row(name, tensor)),
      ...(learningRates ? [row("learning rates", learningRates)] : []),
      ...(whitening ? [row("whitening matrix", whitening.matrix)] : []),
    ]),
    ...(learningRates ? ["learning rates, step by step and epoch by epoch", ...grid(learningRates.values, steps)] : []),
    ...(training ? ["training of networks", ...outline(training, "  ")] : []),
    "normalisation, pixel / 255 = value·std + mean",
    `  mean ${normalisation.mean.map(number).join(", ")}, std ${normalisation.std.map(number).join(", ")}`,
    ...(whitening ? [`then whitened (ZCA) with epsilon ${number(whitening.epsilon)}`] : []),
    "recipe",
    ...outline(recipe, "  "),
    `sha256 ${sha256}`,
  ];
}

/** Writes numbers in lines that fit a terminal and, if possible, start anew with each `period`. */
function grid(values: readonly number[], period: number): string[] {
  const cells = values.map((value) => String(Number(value.toPrecision(3))));
  const width = cells.reduce((most, { length }) => Math.max(most, length), 0) + 1;
  const fit = Math.max(1, Math.floor((columns - 2) / width));
  const parts = Math.ceil(period / fit);
  const perLine = period % parts === 0 ? period / parts : fit;
  const lines = Array.from({ length: Math.ceil(cells.length / perLine) }, (_, i) =>
    cells.slice(i * perLine, (i + 1) * perLine).map((cell) => cell.padEnd(width)),
  );
  return lines.map((line) => `  ${line.join("").trimEnd()}`);
}

/** Writes JSON in few lines: whatever fits on one line stays there. */
function outline(value: unknown, indent: string): string[] {
  if (typeof value !== "object" || value === null) return [`${indent}${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, item]) => {
    const label = Array.isArray(value) ? "" : `${printable(key)} `;
    const line = `${indent}${label}${JSON.stringify(item)}`;
    const splits = line.length > columns && typeof item === "object" && item !== null;
    return splits ? [`${indent}${label || "-"}`.trimEnd(), ...outline(item, `${indent}  `)] : [line];
  });
}

/** Writes four significant digits. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
