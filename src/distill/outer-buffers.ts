// What the outer loop holds beside what a method learns, allocated here and nowhere else: with counting allocators it is
// the plan.
import type { Backend, Buffer } from "../backend/backend.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { Learned, MethodRun, Share } from "./method.ts";
import { allocateOptimizer, type OptimizerSettings, type OuterOptimizer } from "./optimizers/optimizer.ts";
import { stagingFloats } from "./tensor.ts";

/** The buffers of the outer loop. */
export interface OuterBuffers {
  /** The mean gradient over the networks of a step, one for each learned tensor. */
  readonly gradients: readonly Buffer[];
  readonly optimizers: readonly OuterOptimizer[];
  /** What a step leaves to be looked at, in one piece (`OutcomeLayout`). */
  readonly outcome: Buffer;
  /** One float: 0 where the step may not be taken, else what the gradient is multiplied by. */
  readonly guard: Buffer;
  /** The running mean of gradient norms, which clipping compares with: the sum of three floats (`Ops.guard`). */
  readonly clipMean: Buffer;
  /** One block as users hold it. */
  readonly staging: Buffer;
}

/** Where things lie in the outcome: [loss][|gradient|² of each][|value|² of each][f(value) of those learned through f]. */
export interface OutcomeLayout {
  readonly gradients: number;
  readonly values: number;
  readonly through: number;
  readonly floats: number;
}

/** The layout of the outcome of a step that updates these tensors. */
export function outcomeLayout(learned: readonly Learned[]): OutcomeLayout {
  const gradients = 1;
  const values = gradients + learned.length;
  const through = values + learned.length;
  const floats = learned.reduce((sum, tensor) => sum + (tensor.through ? tensor.floats : 0), through);
  return { gradients, values, through, floats };
}

/** Allocates them; `settings` are those of the run's optimiser. */
export function allocateOuter(
  { learned, carried }: MethodRun,
  settings: OptimizerSettings,
  backend: Pick<Backend, "ops">,
  { gradients, scratch }: Pick<Allocators, "gradients" | "scratch">,
): OuterBuffers {
  const staging = [...learned, ...carried].reduce((most, tensor) => Math.max(most, stagingFloats(tensor)), 1);
  return {
    gradients: learned.map(({ floats }) => gradients.allocate(floats)),
    optimizers: learned.map(({ floats, optimizer }) =>
      allocateOptimizer(optimizer ?? settings, floats, backend.ops, gradients),
    ),
    outcome: gradients.allocate(outcomeLayout(learned).floats),
    guard: gradients.allocate(1),
    clipMean: gradients.allocate(3),
    staging: scratch.allocate(staging),
  };
}

/** Allocates the place of a share that is computed elsewhere. */
export function allocateShare({ learned }: MethodRun, { gradients }: Pick<Allocators, "gradients">): Share {
  return { loss: gradients.allocate(1), gradients: learned.map(({ floats }) => gradients.allocate(floats)) };
}
