// `distillate report`: makes one page of a run's folder, or of several sets side by side.
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../../node.ts";
import { comparisonPage } from "../../report/comparison.ts";
import { reportPage } from "../../report/page.ts";
import { printable, withPath, writeNote } from "../errors.ts";
import { type BaselineName, baselineLabel, baselineNames } from "../output/baselines.ts";
import { readComparedSet } from "../output/compared-set.ts";
import { readRunParts } from "../output/run-parts.ts";

const help = `
The page shows the images and learning rates, the curves, the comparison and
the provenance of the run. It needs no other file and no network.

Of several folders, or files with what evaluate --json printed, the page
compares accuracies: sets of equal storage stand together, each with the
baselines that were measured with it.

Examples:
  $ distillate report runs/digits-random
  $ distillate report runs/digits-windows runs/digits-frepo scores.json
`;

export function addReport(program: Command): void {
  program
    .command("report")
    .description("make one HTML page of a run's folder, or compare several")
    .argument("<dir...>", "the folder of a run; or several, and JSON files of evaluate --json")
    .option("--out <file>", "where to write it (default: report.html in the folder, or comparison.html here)")
    .addHelpText("after", help)
    .action(report);
}

async function report(paths: readonly string[], options: { readonly out?: string }): Promise<void> {
  const [first] = paths;
  const single = paths.length === 1 && !/\.json$/i.test(first!);
  const out = options.out ?? (single ? join(first!, "report.html") : "comparison.html");
  const { page, missing } = await (single ? pageOfRun(first!) : pageOfSets(paths));
  await writeFileAtomic(out, new TextEncoder().encode(page)).catch((error: unknown) => {
    throw withPath(error, `cannot write ${out}`);
  });
  for (const line of missing) writeNote(line);
  process.stdout.write(`${printable(out)}\n`);
}

/** Writes the page that compares the sets in these folders and files. */
export async function writeComparison(paths: readonly string[], out: string): Promise<void> {
  const { page, missing } = await pageOfSets(paths);
  await writeFileAtomic(out, new TextEncoder().encode(page));
  for (const line of missing) writeNote(line);
}

interface Page {
  readonly page: string;
  /** What could not be read, a line each. */
  readonly missing: readonly string[];
}

async function pageOfRun(dir: string): Promise<Page> {
  const parts = await readRunParts(dir);
  return { page: reportPage(basename(resolve(dir)), parts, labelOf), missing: parts.missing };
}

async function pageOfSets(paths: readonly string[]): Promise<Page> {
  const read = [];
  for (const path of paths) read.push(await readComparedSet(path, labelOf));
  const missing = read.flatMap((one) => one.missing);
  return {
    page: comparisonPage(
      read.map(({ compared }) => compared),
      missing,
    ),
    missing,
  };
}

function labelOf(name: string): string {
  return (baselineNames as readonly string[]).includes(name) ? baselineLabel(name as BaselineName) : name;
}
