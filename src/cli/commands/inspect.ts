// `distillate inspect`: what a saved set holds. Looks, and trains nothing.
import type { Command } from "commander";
import { contactSheet } from "../../formats/contact-sheet.ts";
import type { DistilledSet } from "../../index.ts";
import { writeFileAtomic } from "../../node.ts";
import { printable, withPath } from "../errors.ts";
import { loadSet } from "../saved-set.ts";
import { table } from "../text.ts";

interface InspectOptions {
  readonly png?: string;
  readonly json?: true;
}

const help = `
Examples:
  $ distillate inspect runs/digits-random/distilled.npz --png sheet.png
  $ distillate inspect set.safetensors --json | jq .recipe
`;

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("show what a saved set holds")
    .argument("<file>", "a distilled set, .safetensors or .npz")
    .option("--png <file>", "draw the images: a row per step, a column per class")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(inspect);
}

async function inspect(file: string, { png, json }: InspectOptions): Promise<void> {
  const { set, sha256 } = await loadSet(file);
  if (png !== undefined) {
    await writeFileAtomic(png, contactSheet(set)).catch((error: unknown) => {
      throw withPath(error, `cannot write ${png}`);
    });
  }
  const facts = { file, ...factsOf(set), sha256 };
  const lines = json ? [JSON.stringify(facts)] : textOf(facts).map(printable);
  if (png !== undefined && !json) lines.push(printable(`drawn to ${png}`));
  process.stdout.write(`${lines.join("\n")}\n`);
}

type Facts = ReturnType<typeof factsOf> & { readonly file: string; readonly sha256: string };

function factsOf(set: DistilledSet) {
  const { steps, epochs, imagesPerStep, channels, height, width, classes, recipe } = set;
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
    learningRates: { shape: [steps * epochs], ...range(set.learningRates), values: Array.from(set.learningRates) },
    normalisation: { mean: set.mean, std: set.std },
    recipe,
  };
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

function textOf({ file, images, targets, learningRates, normalisation, recipe, sha256, ...sizes }: Facts): string[] {
  const { steps, epochs, imagesPerStep } = sizes;
  const row = (name: string, { shape, min, max, mean }: Facts["images"]): string[] => {
    const [low, high, middle] = [min, max, mean].map(number);
    return [`  ${name}`, `[${shape.join(", ")}]`, `${low} to ${high}`, `mean ${middle}`];
  };
  const rates = Array.from({ length: epochs }, (_, epoch) =>
    learningRates.values.slice(epoch * steps, (epoch + 1) * steps).map(number),
  );
  return [
    `${file}: ${steps * imagesPerStep} distilled images, ${steps} steps × ${epochs} epochs`,
    ...table([
      ["tensors", "shape", "values", ""],
      row("images", images),
      row("targets", targets),
      row("learning rates", learningRates),
    ]),
    "learning rates, a line per epoch",
    ...wrapped(rates),
    `normalisation: pixel / 255 = value·std + mean, mean ${normalisation.mean.join(", ")}, std ${normalisation.std.join(", ")}`,
    "recipe",
    ...JSON.stringify(recipe, null, 2)
      .split("\n")
      .map((line) => `  ${line}`),
    `sha256 ${sha256}`,
  ];
}

/** Rows of numbers as lines of at most ten, so that they fit a terminal. */
function wrapped(rows: readonly (readonly string[])[]): string[] {
  const lines = rows.flatMap((row) =>
    Array.from({ length: Math.ceil(row.length / 10) }, (_, i) => ["", ...row.slice(10 * i, 10 * (i + 1))]),
  );
  return table(lines);
}

/** Four significant digits. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
