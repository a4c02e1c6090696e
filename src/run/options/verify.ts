// The options and the result of verify(): from a set's recipe to the options of the run that made it.
import { number, text, whole } from "../../checks/checks.ts";
import { outOfRange, shown, wrongKind } from "../../checks/refusal.ts";
import type { Dataset } from "../../data/dataset.ts";
import { isReproducible } from "../../distill/digest.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { type GivenMethod, makeMethod, methods } from "../../distill/methods/known.ts";
import { choiceOf, isOwnMethod, type OwnMethod } from "../../distill/methods/own.ts";
import type { Halving } from "../../distill/run-state.ts";
import { checkWeightSource, describeInit, type WeightSource } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AbortSignal } from "../../host-types.ts";
import { isObject } from "../../kinds.ts";
import { modelFromDescription } from "../../nn/describe.ts";
import { quote } from "../../quote.ts";
import type { DistillOptions, Progress } from "./distill.ts";

/** Options of {@link verify}. */
export interface VerifyOptions {
  /** A set that `distill` made, as it was saved: its recipe is run again. */
  readonly set: DistilledSet;
  /** The real images that it was distilled from. */
  readonly data: Dataset;
  /** The pretrained networks that it was distilled for, which its recipe names by SHA-256; needed only for those. */
  readonly init?: WeightSource | undefined;
  /** The method of your own that made it; needed only for one. */
  readonly method?: OwnMethod<never> | undefined;
  readonly engine?: Engine | undefined;
  readonly threads?: number | "auto" | undefined;
  /** Runs the networks of an outer step on so many workers. Default 0: in place. The bytes are the same. */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after outer steps. What it throws ends the call. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of {@link verify}. */
export interface Verification {
  /** Whether the recipe gave the same set: its bytes, and the numbers that networks train with. */
  readonly same: boolean;
  /** The fields of the set that came out differently, such as "images". */
  readonly differs: readonly string[];
  /** The digest of the set that was given, as `setDigest` gives it. */
  readonly expected: string;
  /** The digest of the set that the recipe gave here. */
  readonly sha256: string;
  /** The number of outer steps that the set comes after. */
  readonly steps: number;
  /** The set that the recipe gave here. */
  readonly made: DistilledSet;
}

/** The run that made a set: what `distill` takes, and where it ended. */
export type RunAgain = DistillOptions & { readonly set: DistilledSet };

/** Where the run of a set ended: after how many outer steps, and how often it had gone back by then. */
export function endOf({ recipe }: Pick<DistilledSet, "recipe">): { readonly step: number; readonly halvings: number } {
  const { outerSteps, halvings = [] } = recipe as { outerSteps: number; halvings?: readonly Halving[] };
  return { step: outerSteps, halvings: halvings.length };
}

/**
 * Returns the options of `distill` with which the set's recipe runs again on the images that are given.
 *
 * @throws RangeError for a set that no recipe gives again, bit for bit; TypeError, RangeError and ShapeError, which name the key,
 * for a recipe that is incomplete or invalid, and for images or networks that are not those of the recipe.
 */
export async function runAgain(options: VerifyOptions): Promise<RunAgain> {
  const { set, data, init, method, ...how } = options;
  const { recipe } = set;
  if (recipe.foreign !== undefined) {
    throw new RangeError('"set" expected one that distill() made, got one of another program, which has no recipe');
  }
  if (!isReproducible(set)) throw new RangeError(`"set" expected ${exactBits}, got one of ${inexactNameOf(set)}`);
  whole(0)("set.recipe.outerSteps", recipe.outerSteps);
  if (recipe.halvings !== undefined && !Array.isArray(recipe.halvings)) {
    throw wrongKind("set.recipe.halvings", "an array", recipe.halvings);
  }
  checkImagesOf(set, data);
  const { augment, loss, networksPerStep, outer, seed, outerSteps } = recipe as unknown as DistillOptions & {
    readonly outerSteps: number;
  };
  if (!isObject(outer)) throw wrongKind("set.recipe.outer", "an object", outer);
  whole(1)("set.recipe.networksPerStep", networksPerStep);
  number("a seed", Number.isSafeInteger)("set.recipe.seed", seed);
  return {
    ...how,
    ...{ set, data, augment, loss, networksPerStep, seed },
    model: modelFromDescription(recipe.model),
    method: methodOf(set, method),
    init: await initOf(set, init),
    // A run of no steps gives the set as it began.
    outer: outerSteps === 0 ? { ...outer, steps: 0 } : outer,
  };
}

const exactBits = 'one whose bits are the same everywhere, as the backend "wasm" with strict SIMD makes them';

/** Returns what made bits that are not the same everywhere. */
export function inexactNameOf({ recipe }: Pick<DistilledSet, "recipe">): string {
  const { gpu } = recipe as { gpu?: { name?: unknown } };
  return gpu === undefined ? "relaxed SIMD" : `the GPU ${quote(gpu.name)}`;
}

/** Throws unless these can be the images that the set was distilled from. */
function checkImagesOf(set: DistilledSet, data: Dataset): void {
  const { data: recorded } = set.recipe;
  if (!isObject(recorded)) throw wrongKind("set.recipe.data", "an object", recorded);
  for (const key of ["channels", "height", "width", "classes"] as const) {
    if (data[key] !== set[key]) throw outOfRange(`data.${key}`, `${set[key]}, as in the set`, data[key]);
  }
  if (data.count !== recorded.count) {
    throw outOfRange("data", `the ${shown(recorded.count)} images that the set was distilled from`, data.count);
  }
  for (const key of ["mean", "std"] as const) {
    const [wanted, got] = [set[key], data[key]].map((numbers) => JSON.stringify(numbers));
    if (wanted !== got) throw new RangeError(`"data.${key}" expected ${wanted}, as in the set, got ${got}`);
  }
}

/** Returns the method that the recipe names, with its options. */
function methodOf({ recipe }: DistilledSet, own: OwnMethod<never> | undefined): GivenMethod {
  const recorded = recipe.method;
  if (!isObject(recorded)) throw wrongKind("set.recipe.method", "an object", recorded);
  text("set.recipe.method.name", recorded.name);
  if (own !== undefined) {
    const [wanted, got] = [recorded, choiceOf(own)].map((choice) => JSON.stringify(Object.entries(choice).sort()));
    if (wanted === got && isOwnMethod(own)) return own;
    throw outOfRange("method", `the method of the set's recipe, ${wanted}`, got);
  }
  if (Object.hasOwn(methods, recorded.name as string)) return makeMethod(recorded);
  throw wrongKind("method", `the method ${quote(recorded.name)}, which made the set and is not of this library`, own);
}

/** Returns the initial weights that the recipe names: as it describes them, or the networks that are given. */
async function initOf({ recipe }: DistilledSet, given: WeightSource | undefined): Promise<WeightSource> {
  const recorded = recipe.init;
  if (!isObject(recorded)) throw wrongKind("set.recipe.init", "an object", recorded);
  if (given === undefined && recorded.kind === "pretrained") {
    const { networks, sha256 } = recorded;
    const which = `the pretrained networks of the set's recipe, ${shown(networks)} in all, with SHA-256 ${shown(sha256)}`;
    throw wrongKind("init", which, given);
  }
  if (given === undefined) {
    checkWeightSource("set.recipe.init", recorded);
    return recorded as unknown as WeightSource;
  }
  const described = (await describeInit(given)) as Readonly<Record<string, unknown>>;
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(described)])) {
    if (described[key] === recorded[key]) continue;
    throw outOfRange(`init.${key}`, `${shown(recorded[key])}, as in the set's recipe`, described[key]);
  }
  return given;
}
