// What a method of distillation is: what it learns, what one network of one outer step contributes, what is carried from
// step to step, and how networks train on the finished set. The outer loop (outer-loop.ts) knows methods only as this.

import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Activation } from "../backend/shapes.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { Model } from "../nn/model.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";
import type { DistilledSet } from "./distilled-set.ts";
import type { OptimizerSettings } from "./optimizers/optimizer.ts";
import type { GivenOuterOptions } from "./outer-options.ts";
import type { Tensor } from "./tensor.ts";
import { MethodTools } from "./tools.ts";

/** A tensor that outer steps update. */
export interface Learned extends Tensor {
  /** What messages call it, in the plural: "images", "learning rates". */
  readonly called: string;
  /**
   * Where training uses f of what is learned, as softplus keeps learning rates above 0: f, and the place [floats] where the
   * outer loop keeps f(value) up to date. The gradients of shares are then ∂L/∂f(value), and a step that would make an entry
   * of f(value) 0 or infinite is not taken.
   */
  readonly through?: { readonly f: Activation; readonly value: Buffer } | undefined;
  /** Its outer optimiser; absent where it is the run's. */
  readonly optimizer?: OptimizerSettings | undefined;
  /** Its outer step size; absent where it is the run's. */
  readonly learningRate?: number | undefined;
}

/** What one network of an outer step contributes; good until the next network's is computed. */
export interface Share {
  /** One float: the outer loss of this network. */
  readonly loss: Buffer;
  /** One for each learned tensor, in its layout. Between two outer steps this room is free. */
  readonly gradients: readonly Buffer[];
}

/** What is learned, in one backend's memory. */
export interface MethodRun {
  readonly learned: readonly Learned[];
  /** What outer steps hand on beside what is learned; empty for most methods. */
  readonly carried: readonly Tensor[];
  /** The learning rate that inner steps start with, which messages of a diverged run name; absent where there is none. */
  readonly innerRate?: number | undefined;
  /**
   * Records what writes the initial values of all of it, from the seed. `staging` has room for one block of the largest packed
   * tensor as users hold it.
   */
  start(staging: Buffer): void;
  /** Records what moves the carried tensors, after outer step `step` (counted from 0). */
  after?: ((step: number) => void) | undefined;
  /** The set that the rows of the learned tensors are, by their names; those `through` a function as f(value). */
  set(rows: ReadonlyMap<string, Floats>): LearnedSet;
}

/** A distilled set without what the run adds: normalisation and recipe. */
export type LearnedSet = Omit<DistilledSet, "mean" | "std" | "recipe">;

/** Computes shares, in one backend's memory. */
export interface NetworkRun {
  readonly share: Share;
  /**
   * Records what computes the share of network `k` of outer step `step` (both from 0). It is a function of what is learned and
   * carried, of the step and of k, and of nothing else: so it may be asked for anywhere and in any order. Nothing in here may
   * look at memory.
   */
  record(step: number, k: number): void;
}

/** Where a method works. */
export interface MethodContext<Options = never> {
  /** The method's own options, checked and complete. */
  readonly options: Options;
  /** While a plan is made, `problem.data` has sizes and no images. */
  readonly problem: Problem;
  readonly backend: Backend;
  /** Where memory comes from. A plan counts what is allocated: so nothing is allocated later, and no op is called before `start`. */
  readonly memory: Allocators;
  /** Weights, networks, real batches, random streams: for this problem, in this memory. */
  readonly tools: MethodTools;
}

/** A method of distillation. */
export interface Method<Options = never> {
  readonly name: string;
  /** Outer settings that it has where a run says nothing. */
  readonly outer?: GivenOuterOptions | undefined;
  /** Throws RangeError where the options do not fit the model. */
  check?: ((options: Options, model: Model) => void) | undefined;
  /** The classes that the real images must include. Absent: all. */
  classes?: ((options: Options, model: Model) => ReadonlySet<number>) | undefined;
  /** Allocates what is learned, on the machine of the outer loop and wherever networks run. */
  allocate(context: MethodContext<Options>): MethodRun;
  /** Allocates what computes a network's share, wherever networks run. */
  network(context: MethodContext<Options>, run: MethodRun): NetworkRun;
}

/** The context of a method, with its tools, which compute with what is handed over (`distill/computing.ts`). */
export function methodContext<Options>(
  parts: Omit<MethodContext<Options>, "tools">,
  computing: Computing,
): MethodContext<Options> {
  const { problem, backend, memory } = parts;
  return { ...parts, tools: new MethodTools(problem, backend, memory, computing) };
}
