#!/usr/bin/env node
// The command `distillate`: its sub-commands, and how each of them ends. Exit codes are in errors.ts.
import { Command, CommanderError } from "commander";
import { version } from "../index.ts";
import { addBaselines } from "./commands/baselines.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLink } from "./commands/link.ts";
import { addRecipes } from "./commands/recipes.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addStatus } from "./commands/status.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrain } from "./commands/train.ts";
import { addVerify } from "./commands/verify.ts";
import { addWorker } from "./commands/worker.ts";
import { exitCodes, reportError } from "./errors.ts";
import { isUnderWay } from "./input/interrupt.ts";

const help = `
Examples:
  $ distillate run
  $ distillate evaluate runs/digits-random/distilled.safetensors
  $ distillate help run

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
`;

function createProgram(): Command {
  const program = new Command("distillate")
    .description("Learns a handful of synthetic images that train a network in a few gradient steps.")
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", help)
    .exitOverride()
    // reportError prints errors, all in one way.
    .configureOutput({ outputError: () => {} });
  for (const add of [
    addRun,
    addTrain,
    addEvaluate,
    addBaselines,
    addReport,
    addInspect,
    addLink,
    addVerify,
    addRecipes,
    addSweep,
    addWorker,
    addStatus,
  ])
    add(program);
  return program;
}

async function main(args: readonly string[]): Promise<void> {
  const program = createProgram();
  if (args.length === 0) return program.outputHelp();
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // In commander, help and version end like errors.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    process.exitCode = reportError(error);
  }
}

/** The exit code of output that was lost while the command continued. */
let failed = 0;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `| head` has read enough, which is no error. A command that still runs ends by itself or is told (interrupt.ts).
    if (error.code === "EPIPE") process.exitCode = exitCodes.brokenPipe;
    // A log that cannot be written is an error, but no reason to give up a run.
    else if (isUnderWay()) failed ||= stream === process.stdout ? reportError(error) : exitCodes.failure;
    else process.exit(stream === process.stdout ? reportError(error) : exitCodes.failure);
  });
}
await main(process.argv.slice(2));
process.exitCode ||= failed;
