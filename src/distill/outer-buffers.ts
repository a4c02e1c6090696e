// Allocates all that the outer loop holds beside what a method learns. With allocators that only count, this gives its plan.
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import { allocateBest, type BestBuffers, bestTensors } from "./best-set.ts";
import type { Learned, MethodRun, Share } from "./method.ts";
import { allocateOptimizer, type OuterOptimizer } from "./optimizers/optimizer.ts";
import { type OuterOptions, optimizerOf } from "./outer-options.ts";
import { stagingFloats, type Tensor } from "./tensor.ts";

/** The buffers of the outer loop. */
export interface OuterBuffers {
  /** The mean gradient over the networks of a step, one for each learned tensor. */
  readonly gradients: readonly Buffer[];
  readonly optimizers: readonly OuterOptimizer[];
  /** The running means of what training uses of each learned tensor; empty if the run keeps none. */
  readonly averages: readonly Buffer[];
  /** The set with the lowest loss, if the run keeps it. */
  readonly best: BestBuffers | undefined;
  /** What is read at the end of a step, in one piece (`OutcomeLayout`). */
  readonly outcome: Buffer;
  /** One float: 0 if the step may not be taken, else the factor of the gradient. */
  readonly guard: Buffer;
  /** The running mean of gradient norms, which clipping compares with: the sum of three floats (`Ops.guard`). */
  readonly clipMean: Buffer;
  /** Room for any one tensor as users hold it. */
  readonly staging: Buffer;
}

/** The places of the parts of the outcome: [loss][|gradient|² of each][|value|² of each, and of each derived one][f(value) of those learned through f]. */
export interface OutcomeLayout {
  readonly gradients: number;
  readonly values: number;
  readonly through: number;
  readonly floats: number;
}

/** Returns the layout of the outcome of a step of this run. */
export function outcomeLayout(run: Pick<MethodRun, "learned" | "derived">): OutcomeLayout {
  const { learned } = run;
  const gradients = 1;
  const values = gradients + learned.length;
  const through = values + watched(run).length;
  const floats = learned.reduce((sum, tensor) => sum + (tensor.through ? tensor.floats : 0), through);
  return { gradients, values, through, floats };
}

/** The tensors whose values must stay finite: those that are learned, and what follows from them. */
export function watched({ learned, derived }: Pick<MethodRun, "learned" | "derived">): readonly Learned[] {
  return [...learned, ...(derived?.tensors ?? [])];
}

/** Returns the floats of room for any one tensor of a run as users hold it. */
export function mostStaging({ carried, ...run }: Pick<MethodRun, "learned" | "derived" | "carried">): number {
  return [...watched(run), ...carried].reduce((most, tensor) => Math.max(most, stagingFloats(tensor)), 1);
}

/** Allocates the buffers for a run with these outer settings. */
export function allocateOuter(
  run: MethodRun,
  outer: OuterOptions,
  backend: Pick<Backend, "ops">,
  { gradients, scratch }: Pick<Allocators, "gradients" | "scratch">,
): OuterBuffers {
  const settings = optimizerOf(outer);
  const { learned } = run;
  return {
    gradients: learned.map(({ floats }) => gradients.allocate(floats)),
    optimizers: learned.map(({ floats, optimizer }) =>
      allocateOptimizer(optimizer ?? settings, floats, backend.ops, gradients),
    ),
    averages: outer.average === undefined ? [] : learned.map(({ floats }) => gradients.allocate(floats)),
    best: outer.best === undefined ? undefined : allocateBest(learned, gradients),
    outcome: gradients.allocate(outcomeLayout(run).floats),
    guard: gradients.allocate(1),
    clipMean: gradients.allocate(3),
    staging: scratch.allocate(mostStaging(run)),
  };
}

/** The tensors of a run's state: all that its next steps depend on (`run-state.ts`). */
export function stateTensors(
  { learned, carried }: Pick<MethodRun, "learned" | "carried">,
  { optimizers, averages, best, clipMean }: Pick<OuterBuffers, "optimizers" | "averages" | "best" | "clipMean">,
): Tensor[] {
  return [
    ...learned.map((tensor) => ({ ...tensor, name: `learned/${tensor.name}` })),
    ...learned.flatMap(({ name, packing }, i) =>
      optimizers[i]!.state.map((state) => ({ ...state, packing, name: `outer/${name}/${state.name}` })),
    ),
    ...averages.map((value, i) => {
      const { name, floats, packing } = learned[i]!;
      return { name: `outer/${name}/average`, value, floats, packing };
    }),
    ...(best ? bestTensors(best, learned) : []),
    { name: "clip/mean", value: clipMean, floats: 3 },
    ...carried.map((tensor) => ({ ...tensor, name: `carried/${tensor.name}` })),
  ];
}

/** Allocates the place of a share that is computed elsewhere. */
export function allocateShare({ learned }: MethodRun, { gradients }: Pick<Allocators, "gradients">): Share {
  return { loss: gradients.allocate(1), gradients: learned.map(({ floats }) => gradients.allocate(floats)) };
}
