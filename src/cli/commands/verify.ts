// `distillate verify`: runs the recipe of a run or of a set again and says whether the same bytes come out, or says what is known of a
// set of another program.
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { DivergedError, FormatError, type Progress, verify, version } from "../../index.ts";
import { thrown } from "../../kinds.ts";
import { quote, visibleJson } from "../../quote.ts";
import { endOf } from "../../run/options/verify.ts";
import { exitCodes, printable, UsageError, withPath, writeNote } from "../errors.ts";
import { openEngine } from "../input/engine.ts";
import { addForeignOptions, type ForeignFlags, foreignOptions } from "../input/foreign-flags.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import { addDataOptions, type DataFlags } from "../input/recipe-data.ts";
import { fileToRunAgain, folderToRunAgain, type ToRunAgain } from "../input/run-again.ts";
import { loadRunToVerify } from "../input/run-to-verify.ts";
import { loadSet } from "../input/saved-set.ts";
import { clock, ProgressLine, progressText, Rate } from "../output/progress.ts";
import {
  ComparedLosses,
  differenceText,
  isSame,
  type Losses,
  type Outcome,
  verificationFacts,
  verificationText,
} from "../output/verification.ts";
import { addJudgingOptions, type JudgingFlags, refuseJudging, verifyForeign } from "./verify-foreign.ts";

interface VerifyOptions extends DataFlags, ForeignFlags, JudgingFlags {
  readonly weights?: string;
  readonly quick?: number;
  readonly threads: number | "auto";
  readonly workers: number;
  readonly json?: true;
}

const help = `
Of the folder of a run, it checks that the files agree with each other and that
the data are those of the run, by SHA-256. Then it runs the recipe again, which
takes the time of the run, and compares the bytes. Nothing in the folder is
changed. Of one file with a set, the recipe is in the file. Without --data the
data are those that the recipe names. The bytes depend on recipe, data, seed and
version only: threads and workers may be others.

--quick compares the losses of the first outer steps with metrics.jsonl, which
takes seconds, and says nothing about the bytes of the set.

Of a set of another program (DC, DSA, DM, MTT, DATM, IDC, FRePo), it says what
was declared, what the file says and what was guessed. A normalisation that is
declared and does not fit the values is refused with the one that does. With
--protocol networks are trained on the set by the rules of a benchmark.

Exit codes: 0 the same, 1 not the same or refused, 2 wrong usage.

Examples:
  $ distillate verify runs/digits-random
  $ distillate verify runs/digits-random --quick 10
  $ distillate verify distilled.npz --data data/mnist --json | jq .same
  $ distillate verify res.pt --normalization cifar10 --entry "data[0]"
  $ distillate verify images_best.pt --protocol dc-bench --data data/mnist
`;

export function addVerify(program: Command): void {
  const command = program
    .command("verify")
    .description("run a recipe again and compare the bytes, or check a published set")
    .argument("<path>", "the folder of a run, or a file with a distilled set")
    .option("--quick <n>", "compare only the losses of the first n outer steps", wholeNumber(1))
    .option("--weights <path>", "the pretrained networks that the set was distilled for")
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .option("--json", "print one JSON object");
  addJudgingOptions(addForeignOptions(addDataOptions(command)))
    .addHelpText("after", help)
    .action(async (path: string, options: VerifyOptions) => {
      process.exitCode = await verifyPath(path, options);
    });
}

/** Returns the exit code. */
async function verifyPath(path: string, options: VerifyOptions): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw withPath(error, path);
  });
  if (found.isDirectory()) {
    checkForeignFlags(path, "a run", options);
    const run = await loadRunToVerify(path);
    if (options.quick !== undefined && !run.losses) {
      throw new UsageError(`--quick compares with metrics.jsonl, and ${path} has none`);
    }
    return runAgain(path, await folderToRunAgain(run, options), options, run.losses);
  }
  const saved = await loadSet(path, foreignOptions(options));
  if (saved.findings || saved.set.recipe.foreign !== undefined) {
    if (options.quick !== undefined || options.weights !== undefined) {
      throw new UsageError(`${path} is a set of another program, with no run: --quick and --weights have no meaning`);
    }
    return verifyForeign(saved, options);
  }
  checkForeignFlags(path, "a set of this program", options);
  if (options.quick !== undefined) throw new UsageError("--quick needs metrics.jsonl: give the folder of the run");
  return runAgain(path, await fileToRunAgain(saved, options), options);
}

/** Throws UsageError for options that only sets of other programs have. */
function checkForeignFlags(path: string, what: string, options: VerifyOptions): void {
  const [name] = Object.keys(foreignOptions(options) ?? {});
  if (name !== undefined) throw new UsageError(`--${name} is for sets of other programs; ${path} is ${what}`);
  refuseJudging(path, what, options);
}

/** Runs the recipe again and compares; returns the exit code. */
async function runAgain(path: string, again: ToRunAgain, options: VerifyOptions, recorded?: Losses): Promise<number> {
  const { set, data } = again;
  const { version: made } = set.recipe;
  if (made !== version) {
    writeNote(`${path} was made by version ${quote(made)}, this is ${version}: other versions may give other bits`);
  }
  const interrupt = watchInterrupts();
  const losses = new ComparedLosses(recorded);
  try {
    const ended = await follow(path, again, losses, options, interrupt.signal);
    const outcome = { set, data, losses, ...ended };
    const text = options.json ? visibleJson(verificationFacts(path, outcome)) : `${path}: ${verificationText(outcome)}`;
    process.stdout.write(`${options.json ? text : printable(text)}\n`);
    return isSame(outcome) ? 0 : exitCodes.failure;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    const { step, first } = losses;
    const so = first ? differenceText(first) : "no difference was found so far, and the bytes were not compared";
    process.stderr.write(`${printable(`stopped after outer step ${step}: ${so}`)}\n`);
    return interrupt.exitCode;
  } finally {
    interrupt.release();
  }
}

/** Makes what is wrong with the recipe or the data, which is found before the first step, name the file. */
function withFile(path: string, error: unknown): unknown {
  const { name, message } = thrown(error);
  if (!["TypeError", "RangeError", "ShapeError"].includes(name)) return error;
  return new FormatError(`${path}: ${message}`, { cause: error });
}

/** Runs to the end of the recipe, or with --quick so many steps; a run that diverges has ended, too. */
async function follow(
  path: string,
  { set, data, init }: ToRunAgain,
  losses: ComparedLosses,
  { quick, threads, workers }: VerifyOptions,
  stop: AbortSignal,
): Promise<Pick<Outcome, "found" | "diverged">> {
  const enough = new AbortController();
  const line = new ProgressLine(process.stderr);
  const startedAt = performance.now();
  const rate = new Rate(0);
  const steps = Math.min(quick ?? Number.POSITIVE_INFINITY, endOf(set).step);
  const onProgress = ({ step, loss, halvings }: Progress): void => {
    const differed = losses.first !== undefined;
    losses.add({ step, loss, halvings });
    if (losses.first && !differed && quick === undefined) {
      line.clear();
      writeNote(`${path}: ${differenceText(losses.first)}; the run goes on, to compare the bytes`);
    }
    if (quick !== undefined && (losses.first || step >= quick)) enough.abort();
    const perSecond = rate.add(step, (performance.now() - startedAt) / 1000);
    const rest = `loss ${loss.toFixed(3)}  ${clock((steps - step) / perSecond)} left`;
    line.draw((columns) => progressText({ label: "running again", done: step, total: steps, rest }, columns));
  };
  const engine = await openEngine({ backend: "wasm", threads, workers }, writeNote);
  try {
    const signal = AbortSignal.any([stop, enough.signal]);
    return { found: await verify({ set, data, init, engine, threads, workers, signal, onProgress }) };
  } catch (error) {
    if (error instanceof DivergedError) return { diverged: error };
    if (stop.aborted || !enough.signal.aborted) throw losses.step === 0 ? withFile(path, error) : error;
    return {};
  } finally {
    line.clear();
    await engine.dispose();
  }
}
