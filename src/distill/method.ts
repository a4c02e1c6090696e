// Defines a method of distillation: what it learns, what one network of one outer step contributes, what is carried from step
// to step, and how networks train on the finished set. The outer loop (outer-loop.ts) uses nothing else of a method.

import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Activation } from "../backend/shapes.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { Parts } from "../platform/parts.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";
import type { DistilledSet } from "./distilled-set.ts";
import type { OptimizerSettings } from "./optimizers/optimizer.ts";
import type { Tensor } from "./tensor.ts";
import { MethodTools } from "./tools.ts";

/** A tensor that outer steps update. */
export interface Learned extends Tensor {
  /** What messages call it, in the plural: "images", "learning rates". */
  readonly called: string;
  /**
   * Set if training uses f(value) instead of the value, as softplus keeps learning rates above 0. It has f, and the place
   * [floats] where the outer loop keeps f(value) up to date. The gradients of shares are then ∂L/∂f(value), and a step that
   * would make an entry of f(value) 0 or infinite is not taken.
   */
  readonly through?: { readonly f: Activation; readonly value: Buffer } | undefined;
  /** Its outer optimiser. Default: the run's. */
  readonly optimizer?: OptimizerSettings | undefined;
  /** Its outer step size. Default: the run's. */
  readonly learningRate?: number | undefined;
}

/** What one network of an outer step contributes. It is valid until the next network's share is computed. */
export interface Share {
  /** One float: the outer loss of this network. */
  readonly loss: Buffer;
  /** One for each learned tensor, in its layout. Between two outer steps this room is free. */
  readonly gradients: readonly Buffer[];
}

/** Tensors that are computed from learned ones. */
export interface Derived {
  readonly tensors: readonly (Tensor & Pick<Learned, "called">)[];
  /** Records the ops that compute them. */
  readonly compute: () => void;
}

/** What is learned, in one backend's memory. */
export interface MethodRun {
  readonly learned: readonly Learned[];
  /** What outer steps hand on beside what is learned; empty for most methods. */
  readonly carried: readonly Tensor[];
  /**
   * What follows from the learned tensors, for shares and for the set: images that a decoder makes. It is computed whenever a
   * learned tensor has changed. Absent for most methods.
   */
  readonly derived?: Derived | undefined;
  /** The learning rate that inner steps start with, which messages of a diverged run name; absent if there is none. */
  readonly innerRate?: number | undefined;
  /**
   * Records the ops that write all initial values, from the seed. `staging` has room for the largest packed tensor as users
   * hold it.
   */
  start(staging: Buffer): void;
  /**
   * Records the ops that update the carried tensors, once outer step `step` (counted from 0) was taken. As a generator it lets others
   * run wherever it yields.
   */
  after?: ((step: number) => void) | ((step: number) => Parts) | undefined;
  /** Makes the set from the rows of the learned and derived tensors, by name. The rows of a tensor with `through` are f(value). */
  set(rows: ReadonlyMap<string, Floats>): LearnedSet;
}

/** A distilled set without what the run adds: normalisation and recipe. */
export type LearnedSet = Omit<DistilledSet, "mean" | "std" | "whitening" | "recipe">;

/** Computes shares, in one backend's memory. */
export interface NetworkRun {
  readonly share: Share;
  /**
   * Records the ops that compute the share of network `k` of outer step `step` (both from 0). The share depends only on what is
   * learned and carried, on the step and on k, so it may be computed anywhere and in any order. This function may not look at
   * memory. As a generator it lets others run wherever it yields, so that a long step can be aborted: there, nothing may
   * depend on ops that others record in their own memory.
   */
  readonly record: ((step: number, k: number) => void) | ((step: number, k: number) => Parts);
}

/** What a method is given to work with. */
export interface MethodContext<Options = never> {
  /** The method's own options, checked and complete. */
  readonly options: Options;
  /** While a plan is made, `problem.data` has sizes and no images. */
  readonly problem: Problem;
  readonly backend: Backend;
  /** Gives memory. A plan counts what is allocated, so nothing may be allocated later, and no op called before `start`. */
  readonly memory: Allocators;
  /** Weights, networks, real batches and random streams for this problem, in this memory. */
  readonly tools: MethodTools;
}

/** What a method of distillation computes. `Run` may have more than a `MethodRun`, for `network`. */
export interface Method<Options = never, Run extends MethodRun = MethodRun> {
  readonly name: string;
  /** Options that change no bit of what is learned, so that a state goes on in a run with others. */
  readonly changesNoBit?: readonly string[] | undefined;
  /** Allocates what is learned, on the machine of the outer loop and wherever networks run. */
  allocate(context: MethodContext<Options>): Run;
  /** Allocates what computes a network's share, wherever networks run; `run` is what `allocate` gave there. */
  network(context: MethodContext<Options>, run: Run): NetworkRun;
}

/** Makes the context of a method, with its tools, which compute with what is handed over (`distill/computing.ts`). */
export function methodContext<Options>(
  parts: Omit<MethodContext<Options>, "tools">,
  computing: Computing,
): MethodContext<Options> {
  const { problem, backend, memory } = parts;
  return { ...parts, tools: new MethodTools(problem, backend, memory, computing) };
}
