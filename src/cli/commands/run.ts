// `distillate run`: distils a set by a recipe, evaluates it, and leaves a folder of files.
import { join } from "node:path";
import type { Command } from "commander";
import { isReproducible, setDigest } from "../../distill/digest.ts";
import { declarationOf, outerDefaults } from "../../distill/methods/known.ts";
import { outerOptions } from "../../distill/outer-options.ts";
import { checkpointToBytes } from "../../formats/checkpoint-file.ts";
import {
  type Dataset,
  type Distillation,
  type DistilledSet,
  type DivergedError,
  distill,
  type Engine,
  estimateMemory,
  evaluate,
  type Progress,
  setStorage,
  version,
} from "../../index.ts";
import { distilledImages, recipeModel } from "../../recipes/options.ts";
import { type Recipe, type RecipeOptions, recipeOptions } from "../../recipes.ts";
import { firstStep } from "../../run/distill.ts";
import { threadsPerWorker } from "../../workers/options.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { checkRunData } from "../input/check-data.ts";
import { type ClusterFlags, clusterOf, clusterOption } from "../input/cluster.ts";
import { backendOption, type EngineFlags, openEngine } from "../input/engine.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { optionTexts, threadCount, wholeNumber } from "../input/options.ts";
import { addOverrides, overridden } from "../input/overrides.ts";
import { heldOut, loadPools, loadRecipeData } from "../input/recipe-data.ts";
import { defaultRecipe, loadRecipe, recipeBytes } from "../input/recipe-file.ts";
import {
  beginIn,
  checkGoesOn,
  checkpointNote,
  folderFor,
  lastLoss,
  loadResumed,
  noteDivergence,
  offerToGoOn,
  type ResumedRun,
} from "../input/resume.ts";
import { follow } from "../output/follow.ts";
import { Growth } from "../output/growth.ts";
import { createReports } from "../output/reports.ts";
import { halvingCount, RunFolder } from "../output/run-folder.ts";
import type { Plan, RunReport, RunResult } from "../output/run-report.ts";
import { divergenceOf, saved, wayOn, withOptionNames } from "./failure.ts";
import { judge } from "./judge.ts";

interface RunOptions extends EngineFlags, ClusterFlags {
  /** The name of a data set, which may be downloaded. */
  readonly dataset?: string;
  readonly evaluateEvery: number;
  readonly out?: string;
  /** The folder of a run to go on with. */
  readonly resume?: string;
  /** In seconds. */
  readonly checkpointEvery: number;
  readonly animation?: true;
}

const help = `
At the end it reports the accuracy of fresh networks trained on the distilled
images, beside baselines, such as networks trained on as many random real
images. Ctrl-C gives up the current step and keeps what was learned before it.
If stdout is not a terminal it gets JSON lines, and the text goes to stderr.

A run saves its state in its folder as it goes. If it was stopped or killed,
--resume goes on from the last checkpoint, to the same bytes as a run that was
never stopped. With more --outer-steps it makes a finished run longer.

If a run diverges, the set before the failed step is kept and the exit code is
1; with --on-divergence halve, also after --resume, it goes back 50 to 99 steps
and on with half the step size.

A folder has one run at a time; the files of an older run are moved to its
folder previous/.

The folder's recipe.json holds the recipe with all changes by options: running
it makes the same images again.

Examples:
  $ distillate run
  $ distillate run digits-fixed --data data/mnist --outer-steps 2000
  $ distillate run runs/digits-fixed/recipe.json --out runs/again
  $ distillate run --resume runs/digits-random
  $ distillate run --seed 7 | jq 'select(.event == "result") | .evaluation.mean'
`;

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("distil a data set into a few images and evaluate them")
    .argument("[recipe]", "a name from `distillate recipes`, or a JSON file", defaultRecipe)
    .option("--evaluate-every <n>", "also evaluate after every n outer steps, 0 for never", wholeNumber(0), 0)
    .addOption(backendOption())
    .option("--threads <n>", optionTexts.threads, threadCount, "auto")
    .option("--workers <n>", optionTexts.workers, wholeNumber(0, 64), 0)
    .addOption(clusterOption())
    .option("--out <dir>", "folder for the files (default: runs/<recipe>, or the folder of --resume)")
    .option("--resume <dir>", "go on with the run in this folder, from its last checkpoint")
    .option("--animation", "also save an animation of how the images grew, growth.png")
    .option("--checkpoint-every <s>", "seconds between two checkpoints, 0 for one at the end", wholeNumber(0), 30)
    .addHelpText("after", help)
    .action(async (nameOrFile: string, options: RunOptions) => {
      if (options.resume !== undefined && command.args.length > 0) {
        throw new UsageError("expected a recipe or --resume, which has the recipe of its run, got both");
      }
      process.exitCode = await begin(nameOrFile, options);
    });
  addOverrides(command);
}

/** Runs a recipe, or goes on with a run. */
async function begin(nameOrFile: string, options: RunOptions): Promise<number> {
  const { resume } = options;
  if (resume !== undefined) {
    const before = await loadResumed(resume);
    const out = await folderFor(before, options.out);
    const recipe = overridden(before.recipe, options);
    noteDivergence(before, recipe);
    return run(before.path, recipe, { ...options, out }, before);
  }
  const recipe = overridden(await loadRecipe(nameOrFile), options);
  const out = options.out ?? join("runs", recipe.name);
  return run(nameOrFile, recipe, { ...options, out }, await offerToGoOn(out, recipe));
}

/** What a run is about, loaded and checked before anything is computed. */
interface Prepared {
  readonly recipe: Recipe;
  readonly recipeRun: RecipeOptions;
  /** The images as they are, whatever an attack calls them. */
  readonly train: Dataset;
  readonly test: Dataset;
  /** Where the networks come from that the set is judged on. */
  readonly init: RecipeOptions["init"];
}

async function prepare(nameOrFile: string, recipe: Recipe, { dataset }: RunOptions): Promise<Prepared> {
  const { train, test } = await loadRecipeData(recipe.data, dataset !== undefined);
  const network = recipeModel(recipe, train);
  checkRunData({ train, test }, recipe, network);
  const pools = await loadPools(recipe, network, nameOrFile);
  const recipeRun = recipeOptions(recipe, train, pools?.train);
  return { recipe, recipeRun, train, test, init: pools ? heldOut(recipe, pools) : recipeRun.init };
}

async function run(
  nameOrFile: string,
  recipe: Recipe,
  options: RunOptions & { readonly out: string },
  before?: ResumedRun,
): Promise<number> {
  const prepared = await prepare(nameOrFile, recipe, options);
  const reports = createReports();
  const interrupt = watchInterrupts();
  const note = (text: string): void => {
    for (const report of reports) report.note(text);
  };
  const { out } = options;
  const elsewhere = clusterOf(options, recipe.name, note);
  const engine = await openEngine(options, note, firstStep(prepared.recipeRun));
  let folder: RunFolder | undefined;
  try {
    folder = await RunFolder.create(out, { note, signal: interrupt.signal });
    const plan = planOf(prepared, options, engine, folder, before);
    if (before) await checkGoesOn(before, out, plan.outerSteps);
    for (const report of reports) report.start(plan);
    return await runIn(folder, prepared, { options, plan, engine, elsewhere, reports, interrupt, before });
  } finally {
    for (const report of reports) report.close();
    await folder?.close();
    await engine.dispose();
    interrupt.release();
  }
}

/** What a run in its folder works with. */
interface RunParts {
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly engine: Engine;
  /** The cluster that computes networks, if one does. */
  readonly elsewhere: ReturnType<typeof clusterOf>;
  readonly reports: readonly RunReport[];
  readonly interrupt: ReturnType<typeof watchInterrupts>;
  /** The run that this one goes on with. */
  readonly before: ResumedRun | undefined;
}

/** Distils, saves, judges; returns the exit code. */
async function runIn(folder: RunFolder, prepared: Prepared, parts: RunParts): Promise<number> {
  const { options, plan, engine, elsewhere, reports, interrupt, before } = parts;
  const { recipe, recipeRun } = prepared;
  const { workers, threads, checkpointEvery } = options;
  const { signal } = interrupt;
  const startedAt = performance.now() - 1000 * (before?.seconds ?? 0);
  const seconds = (): number => Math.round(performance.now() - startedAt) / 1000;
  const where = { engine, workers, threads, networks: elsewhere?.on };
  const distillation = distill({ ...recipeRun, ...where, signal, resume: before?.state });
  let begun: Promise<readonly string[]> | undefined;
  const begin = () => (begun ??= beginIn(folder, before));
  // A state that does not fit is refused by the first step: until then the files of its run stay as they are.
  if (!before) await begin();
  const checkpoint = async (path: string) => {
    const note = checkpointNote({ recipe, steps: plan.outerSteps, seconds: seconds() }, path, diverged);
    return checkpointToBytes({ state: await distillation.state(), note });
  };
  let diverged: RunResult["diverged"];
  const growth = options.animation ? new Growth() : undefined;
  const evaluated = watcher(distillation, folder, seconds, prepared, parts);
  const watch = async (progress: Progress): Promise<void> => {
    await growth?.passed(progress, () => distillation.snapshot());
    await evaluated(progress);
  };
  const from = { from: before?.state.step ?? 0, before: before?.state.halvings?.length ?? 0 };
  const following = { folder, reports, seconds, ...from, checkpointEvery, checkpoint, begin, watch };
  const { loss, step: last, failure } = await follow(distillation, following);
  const set = await (failure ? distillation.snapshot().catch(() => undefined) : distillation.result());
  if (!set) throw failure?.error;
  const lines = await begin();
  diverged = divergenceOf(failure?.error);
  const step = diverged ? diverged.step - 1 : last;
  const { halvings, gpu } = set.recipe as Pick<RunResult, "halvings" | "gpu">;
  const distillSeconds = seconds();
  // The set is saved before it is evaluated: whatever happens now, the images are safe.
  const state = await distillation.state().catch(() => undefined);
  await folder.saveSet(set, (path) => recipeBytes(recipe, path, { diverged, halvings }), state && checkpoint);
  if (growth) await saveGrowth(growth.ending(set), folder, reports);
  if (failure && !diverged) throw saved(failure.error, step, folder);
  const unjudged = { evaluation: null, baselines: null };
  const skips = failure || signal.aborted || recipe.evaluate.networks === 0;
  const judged = skips ? unjudged : await judgeSet(set, prepared, parts);
  const { floats, bytes } = setStorage(set);
  const result: RunResult = {
    recipe: recipe.name,
    version,
    seed: recipeRun.seed,
    backend: engine.backend.name,
    workers,
    threads: plan.threads,
    simd: engine.simd,
    ...(gpu && { gpu }),
    reproducible: isReproducible(set),
    data: plan.data,
    images: plan.images,
    storage: { floats, bytes },
    outerSteps: step,
    batch: plan.batch,
    networks: plan.networks,
    // An interrupt after everything was measured did not stop the run.
    stopped: !failure && signal.aborted && judged.baselines === null,
    ...(diverged && { diverged }),
    ...(halvings && { halvings }),
    seconds: seconds(),
    distillSeconds,
    loss: loss ?? lastLoss(lines),
    ...judged,
    sha256: await setDigest(set),
  };
  await folder.saveResult(result);
  if (interrupt.exitCode !== exitCodes.brokenPipe) {
    for (const report of reports) report.result(result, folder.savedIn);
  }
  if (failure) {
    const error = failure.error as DivergedError;
    throw saved(withOptionNames(error, recipe, state), step, folder, wayOn(recipe, error, state, folder.savedIn));
  }
  folder.check();
  return result.stopped ? interrupt.exitCode : 0;
}

async function saveGrowth(sets: readonly DistilledSet[], folder: RunFolder, reports: readonly RunReport[]) {
  if (sets.length > 0) return folder.saveGrowth(sets);
  for (const report of reports) report.note("the set is too large for an animation, so there is no growth.png");
}

/** Evaluates the set on the way, after every so many steps, if the user asks for it. */
function watcher(
  distillation: Distillation,
  folder: RunFolder,
  seconds: () => number,
  { recipe, recipeRun, test, init }: Prepared,
  { options, engine, elsewhere, reports }: RunParts,
): (progress: Progress) => Promise<void> {
  const { evaluateEvery: every, workers, threads } = options;
  const { networks: held } = recipe.evaluate;
  const { model, seed } = recipeRun;
  return async (progress) => {
    const { step } = progress;
    if (every === 0 || held === 0 || step % every !== 0) return;
    const set = await distillation.snapshot();
    const where = { engine, workers, threads, ...elsewhere };
    const evaluation = await evaluate({ set, model, init, test, networks: held, seed, ...where });
    const { mean, std, networks } = evaluation;
    folder.addMetric({ step, ...halvingCount(progress), accuracy: { mean, std, networks }, seconds: seconds() });
    for (const report of reports) report.watched(step, evaluation);
  };
}

/** Measures the accuracy of networks trained on the set, and of those trained on the baselines. */
function judgeSet(
  set: DistilledSet,
  { recipe, recipeRun, train, test, init }: Prepared,
  { options, engine, elsewhere, reports, interrupt }: RunParts,
): ReturnType<typeof judge> {
  const { attack } = recipe;
  const { networks, baselines } = recipe.evaluate;
  const { model, seed } = recipeRun;
  const { workers, threads } = options;
  const of = { train, test, model, init, networks, baselines };
  const how = { seed, engine, workers, threads, ...elsewhere, signal: interrupt.signal };
  return judge(set, { ...of, ...(attack && { attack }), ...how }, reports);
}

function planOf(
  { recipe, recipeRun, test }: Prepared,
  { workers, threads }: RunOptions,
  engine: Engine,
  { path, previous }: RunFolder,
  before: ResumedRun | undefined,
): Plan {
  const { data, model, method, images, init, outer, networksPerStep: networks, seed } = recipeRun;
  const { steps, batch } = outerOptions(outer, data.count, outerDefaults(method));
  const run = { model, method, images, init, data, outer, networksPerStep: networks, engine, threads, workers };
  return {
    recipe,
    model,
    data: { name: test.name, train: data.count, test: test.count },
    images: distilledImages(recipe, model),
    outerSteps: steps,
    batch: declarationOf(method).real?.(method, model.classes) ?? batch,
    networks,
    seed,
    engine,
    workers,
    threads: workers > 0 ? threadsPerWorker(Math.min(workers, networks), threads) : engine.threads,
    memory: estimateMemory(run).total,
    out: path,
    previous: before?.folder === path ? undefined : previous,
    ...(before && { resumed: { step: before.state.step, path: before.path } }),
  };
}
