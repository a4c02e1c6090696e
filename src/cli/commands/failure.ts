// The words of the command line for what ended a run.
import { divergenceAdvice, isBeforeUpdate } from "../../distill/divergence.ts";
import { declarationOf } from "../../distill/methods/known.ts";
import { outerGroup } from "../../distill/outer-options.ts";
import { DivergedError, type RunState } from "../../index.ts";
import { thrown } from "../../kinds.ts";
import type { Recipe } from "../../recipes.ts";
import { flagName } from "../input/flags.ts";
import type { RunFolder } from "../output/run-folder.ts";
import type { RunResult } from "../output/run-report.ts";

/** Returns where the run diverged that this error ended; undefined for another error. */
export function divergenceOf(error: unknown): RunResult["diverged"] {
  if (!(error instanceof DivergedError)) return undefined;
  const { step, tensor, value } = error;
  return { step, tensor, value: String(value) };
}

const { clip, learningRate, onDivergence, mostHalvings } = outerGroup;

/** Returns the error with its advice in the words of the command line. `state` is what the run can go on from. */
export function withOptionNames(error: DivergedError, recipe: Recipe, state: RunState | undefined): Error {
  const { options, innerRate: rate = "" } = declarationOf(recipe.method);
  const { [rate]: inner } = options;
  const names = {
    clip: flagName(clip),
    outerRate: flagName(learningRate),
    innerRate: inner ? flagName(inner) : "",
    onDivergence: flagName(onDivergence),
    mostHalvings: flagName(mostHalvings),
  };
  const innerRate = inner && (recipe.method as unknown as Readonly<Record<string, number>>)[rate];
  const [fault] = error.message.split("; ");
  const advice = divergenceAdvice({ innerRate, outer: recipe.outer, halvings: halvingsOf(state) }, error, names);
  return new Error(`${fault}; ${advice}`, { cause: error });
}

/** Returns how a run that diverged can go on, as "; --resume DIR --on-divergence halve goes on …"; nothing if it cannot. */
export function wayOn({ outer }: Recipe, error: DivergedError, state: RunState | undefined, folder: string): string {
  if (!state || (isBeforeUpdate(error.tensor) && error.step === 1)) return "";
  const stops = outer.onDivergence === "stop";
  if (!stops && halvingsOf(state) < outer.mostHalvings) return "";
  const change = stops ? `${flagName(onDivergence)} halve` : `${flagName(mostHalvings)} ${2 * outer.mostHalvings}`;
  return `; --resume ${folder} ${change} goes on after outer step ${state.step}`;
}

function halvingsOf(state: RunState | undefined): number {
  return state?.halvings?.length ?? 0;
}

/** Returns the error that ended a run after outer step `step`, with the place of what was learned before it. */
export function saved(error: unknown, step: number, { savedIn }: RunFolder, way: string = ""): Error {
  const { message } = thrown(error);
  const what =
    step === 0 ? "nothing was learned, and the set as it began" : `the set as it was after outer step ${step}`;
  return new Error(`${message}; ${what} is in ${savedIn}${way}`, { cause: error });
}
