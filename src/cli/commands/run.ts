// `distillate run`: distils a set by a recipe, evaluates it, and leaves a folder of files.
import { join } from "node:path";
import type { Command } from "commander";
import { divergenceAdvice } from "../../distill/divergence.ts";
import { declarationOf, outerDefaults } from "../../distill/methods/known.ts";
import { outerGroup, outerOptions } from "../../distill/outer-options.ts";
import { isReproducible, setDigest } from "../../formats/digest.ts";
import {
  createEngine,
  type Dataset,
  type Distillation,
  DivergedError,
  distill,
  type Engine,
  estimateMemory,
  evaluate,
  type Progress,
  version,
} from "../../index.ts";
import { thrown } from "../../kinds.ts";
import { distilledImages, recipeModel } from "../../recipes/options.ts";
import { type Recipe, type RecipeOptions, recipeOptions } from "../../recipes.ts";
import { threadsPerWorker } from "../../workers/options.ts";
import { exitCodes } from "../errors.ts";
import { checkRunData } from "../input/check-data.ts";
import { flagName } from "../input/flags.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import { addOverrides, overridden } from "../input/overrides.ts";
import { heldOut, loadPools, loadRecipeData } from "../input/recipe-data.ts";
import { defaultRecipe, loadRecipe, recipeBytes } from "../input/recipe-file.ts";
import { JsonReport } from "../output/json-report.ts";
import { Rate, Smoothed } from "../output/progress.ts";
import { RunFolder } from "../output/run-folder.ts";
import type { Plan, RunReport, RunResult } from "../output/run-report.ts";
import { TextReport } from "../output/text-report.ts";
import { judge } from "./judge.ts";

interface RunOptions {
  /** A name, which may be downloaded. */
  readonly dataset?: string;
  readonly evaluateEvery: number;
  readonly threads: number | "auto";
  readonly workers: number;
  readonly out?: string;
}

const help = `
Ends with the accuracy of fresh networks that were trained on the distilled
images, beside baselines: networks trained on as many random real images, say.
Ctrl-C stops after the step in hand and keeps what was learned. Where stdout is
not a terminal it gets JSON lines, and the text goes to stderr.

Where a run diverges, the set as it was before is kept and the exit code is 1.
A folder has one run at a time; files of an older one go to previous/ in it.

The folder's recipe.json holds the recipe with all that the options changed:
running it makes the same images again.

Examples:
  $ distillate run
  $ distillate run digits-fixed --data data/mnist --outer-steps 2000
  $ distillate run runs/digits-fixed/recipe.json --out runs/again
  $ distillate run --seed 7 | jq 'select(.event == "result") | .evaluation.mean'
`;

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("distil a data set into a few images and evaluate them")
    .argument("[recipe]", "a name from `distillate recipes`, or a JSON file", defaultRecipe)
    .option("--evaluate-every <n>", "also evaluate after every n outer steps, 0 for never", wholeNumber(0), 0)
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .option("--out <dir>", "folder for the files (default: runs/<recipe>)")
    .addHelpText("after", help)
    .action(async (nameOrFile: string, options: RunOptions) => {
      process.exitCode = await run(nameOrFile, overridden(await loadRecipe(nameOrFile), options), options);
    });
  addOverrides(command);
}

async function run(nameOrFile: string, recipe: Recipe, options: RunOptions): Promise<number> {
  const { train, test } = await loadRecipeData(recipe.data, options.dataset !== undefined);
  const network = recipeModel(recipe, train);
  checkRunData({ train, test }, recipe, network);
  const pools = await loadPools(recipe, network, nameOrFile);
  const recipeRun = recipeOptions(recipe, train, pools?.train);
  const { model, seed } = recipeRun;
  const { attack } = recipe;
  const { networks: held, baselines } = recipe.evaluate;
  const init = pools ? heldOut(recipe, pools) : recipeRun.init;
  const reports = createReports();
  const interrupt = watchInterrupts();
  const { workers, threads } = options;
  const note = (text: string): void => {
    for (const report of reports) report.note(text);
  };
  const engine = await createEngine({ threads: workers > 0 ? 1 : threads, onNotice: note });
  let folder: RunFolder | undefined;
  try {
    folder = await RunFolder.create(options.out ?? join("runs", recipe.name), { note, signal: interrupt.signal });
    const startedAt = performance.now();
    const seconds = (): number => Math.round(performance.now() - startedAt) / 1000;
    const plan = planOf(recipe, recipeRun, options, test, engine, folder);
    for (const report of reports) report.start(plan);

    const { signal } = interrupt;
    const distillation = distill({ ...recipeRun, engine, workers, threads, signal });
    await folder.begin();
    const watch = async (progress: Progress): Promise<void> => {
      const { evaluateEvery: every } = options;
      if (every === 0 || held === 0 || progress.step % every !== 0) return;
      const set = await distillation.snapshot();
      const judges = { networks: held, seed, engine, workers, threads };
      const evaluation = await evaluate({ set, model, init, test, ...judges });
      const { mean, std, networks } = evaluation;
      folder?.addMetric({ step: progress.step, accuracy: { mean, std, networks }, seconds: seconds() });
      for (const report of reports) report.watched(progress.step, evaluation);
    };
    const { loss, step, failure } = await follow(distillation, folder, reports, seconds, watch);
    const set = await (failure ? distillation.snapshot().catch(() => undefined) : distillation.result());
    if (!set) throw failure?.error;
    const diverged = divergenceOf(failure?.error);
    const distillSeconds = seconds();
    // Saved before it is evaluated: whatever happens now, the images are safe.
    await folder.saveSet(set, recipeBytes(recipe, folder.savedIn, diverged));
    if (failure && !diverged) throw saved(failure.error, step, folder);

    const judged =
      failure || signal.aborted || held === 0
        ? { evaluation: null, baselines: null }
        : await judge(
            set,
            {
              ...{ train, test, model, init, networks: held, baselines, ...(attack && { attack }) },
              ...{ seed, engine, workers, threads, signal },
            },
            reports,
          );
    const result: RunResult = {
      recipe: recipe.name,
      version,
      seed,
      backend: engine.backend.name,
      workers,
      threads: plan.threads,
      simd: engine.simd,
      reproducible: isReproducible(set),
      data: plan.data,
      images: plan.images,
      outerSteps: step,
      batch: plan.batch,
      networks: plan.networks,
      // Too late is not stopped.
      stopped: !failure && signal.aborted && judged.baselines === null,
      ...(diverged && { diverged }),
      seconds: seconds(),
      distillSeconds,
      loss,
      ...judged,
      sha256: await setDigest(set),
    };
    await folder.saveResult(result);
    if (interrupt.exitCode !== exitCodes.brokenPipe)
      for (const report of reports) report.result(result, folder.savedIn);
    if (failure)
      throw saved(diverged ? withOptionNames(failure.error as DivergedError, recipe) : failure.error, step, folder);
    folder.check();
    return result.stopped ? interrupt.exitCode : 0;
  } finally {
    for (const report of reports) report.close();
    await folder?.close();
    await engine.dispose();
    interrupt.release();
  }
}

function divergenceOf(error: unknown): RunResult["diverged"] {
  if (!(error instanceof DivergedError)) return undefined;
  const { step, tensor, value } = error;
  return { step, tensor, value: String(value) };
}

/** The error with the advice in the words of the command line. */
function withOptionNames(error: DivergedError, recipe: Recipe): Error {
  const { options, innerRate: rate = "" } = declarationOf(recipe.method);
  const { [rate]: inner } = options;
  const { clip, learningRate } = outerGroup;
  const names = {
    clip: `${flagName(clip)} 2`,
    outerRate: flagName(learningRate),
    innerRate: inner ? flagName(inner) : "",
  };
  const innerRate = inner && (recipe.method as unknown as Readonly<Record<string, number>>)[rate];
  const [fault] = error.message.split("; ");
  return new Error(`${fault}; ${divergenceAdvice({ innerRate, outer: recipe.outer }, error, names)}`, { cause: error });
}

/** The error that ended a run, and where what was learned before it is. */
function saved(error: unknown, step: number, { savedIn }: RunFolder): Error {
  const { message } = thrown(error);
  const what =
    step === 0 ? "nothing was learned, and the set as it began" : `the set as it was after outer step ${step}`;
  return new Error(`${message}; ${what} is in ${savedIn}`, { cause: error });
}

/** Text where a person sees stdout; else JSON lines there, and the text on stderr. */
function createReports(): RunReport[] {
  const { stdout, stderr } = process;
  return stdout.isTTY ? [new TextReport(stdout, stderr)] : [new JsonReport(stdout), new TextReport(stderr, stderr)];
}

function planOf(
  recipe: Recipe,
  { data, model, method, init, outer, networksPerStep: networks, seed }: RecipeOptions,
  { workers, threads }: RunOptions,
  test: Dataset,
  engine: Engine,
  { path, previous }: RunFolder,
): Plan {
  const { steps, batch } = outerOptions(outer, data.count, outerDefaults(method));
  const run = { model, method, init, data, outer, networksPerStep: networks, engine, threads, workers };
  return {
    recipe,
    model,
    data: { name: test.name, train: data.count, test: test.count },
    images: distilledImages(recipe, model.classes),
    outerSteps: steps,
    batch: declarationOf(method).real?.(method, model.classes) ?? batch,
    networks,
    seed,
    engine,
    workers,
    threads: workers > 0 ? threadsPerWorker(Math.min(workers, networks), threads) : engine.threads,
    memory: estimateMemory(run).total,
    out: path,
    previous,
  };
}

/**
 * Runs all outer steps, or those before an interrupt or a failure. Returns the last one's number, 0 if there was none, its
 * loss, and what failed.
 */
async function follow(
  distillation: Distillation,
  folder: RunFolder,
  reports: readonly RunReport[],
  seconds: () => number,
  watch: (progress: Progress) => Promise<void>,
): Promise<{ step: number; loss: number | null; failure?: { readonly error: unknown } }> {
  const losses = new Smoothed();
  const rate = new Rate(seconds());
  let last: Progress | undefined;
  const ended = () => ({ step: last?.step ?? 0, loss: last?.loss ?? null });
  try {
    for await (const progress of distillation) {
      last = progress;
      const { step, steps, loss, learningRate: outerLearningRate, epoch } = progress;
      const now = seconds();
      folder.addMetric({ step, loss, outerLearningRate, seconds: now });
      const stepsPerSecond = rate.add(step, now);
      const secondsLeft = (steps - step) / stepsPerSecond;
      const smoothedLoss = losses.add(loss);
      const report = { step, steps, epoch, loss, outerLearningRate, smoothedLoss, stepsPerSecond, secondsLeft };
      for (const each of reports) each.step(report);
      await folder.refreshPicture(() => distillation.snapshot());
      await watch(progress);
    }
  } catch (error) {
    return { ...ended(), failure: { error } };
  }
  return ended();
}
