// `distillate report`: makes one page of a run's folder.
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../../node.ts";
import { reportPage } from "../../report/page.ts";
import { printable, withPath, writeNote } from "../errors.ts";
import { type BaselineName, baselineLabel, baselineNames } from "../output/baselines.ts";
import { readRunParts } from "../output/run-parts.ts";

const help = `
The page shows the images and learning rates, the curves, the comparison and
the provenance of the run. It needs no other file and no network.

Example:
  $ distillate report runs/digits-random
`;

export function addReport(program: Command): void {
  program
    .command("report")
    .description("make one HTML page of a run's folder")
    .argument("<dir>", "the folder of a run")
    .option("--out <file>", "where to write it (default: report.html in the folder)")
    .addHelpText("after", help)
    .action(report);
}

async function report(dir: string, { out = join(dir, "report.html") }: { readonly out?: string }): Promise<void> {
  const parts = await readRunParts(dir);
  const label = (name: string): string =>
    (baselineNames as readonly string[]).includes(name) ? baselineLabel(name as BaselineName) : name;
  const page = reportPage(basename(resolve(dir)), parts, label);
  await writeFileAtomic(out, new TextEncoder().encode(page)).catch((error: unknown) => {
    throw withPath(error, `cannot write ${out}`);
  });
  for (const line of parts.missing) writeNote(line);
  process.stdout.write(`${printable(out)}\n`);
}
