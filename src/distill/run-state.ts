// The state of a run: all that its next steps depend on, as named tensors. Random numbers are addressed by seed, purpose and
// step, so nothing else has to be kept. A run that goes on from a state gives the bytes of a run that never stopped.

import type { Floats } from "../backend/buffer.ts";
import { checkGpu, type Gpu } from "../backend/gpu.ts";
import { type Check, kind, listOf, optional, text, whole } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isFloats, isObject } from "../kinds.ts";

/** A divergence after which a run went back to an earlier state and halved its outer step size. */
export interface Halving {
  /** The outer step that failed, what was out of range in it, and its value. */
  readonly step: number;
  readonly tensor: string;
  readonly value: string;
  /** The outer step after which the run went on. */
  readonly backTo: number;
}

/** The step and the tensors of a run. */
export interface TensorState {
  /** Outer steps taken. */
  readonly step: number;
  /**
   * `learned/…`, `outer/…` (the optimisers' state), `clip/mean` and `carried/…`, as rows. A run that may go back also has those
   * of the states after steps n that it may go back to, as `at/n/…`.
   */
  readonly tensors: ReadonlyMap<string, Floats>;
  /** How often the outer step size was halved, and why; absent if it never was. */
  readonly halvings?: readonly Halving[] | undefined;
}

/** A run that can go on. It is plain data, so it can be cloned and sent. */
export interface RunState extends TensorState {
  /** The library's version. */
  readonly version: string;
  /** What decides the run's bytes. A state goes on only in a run of the same specification. */
  readonly spec: RunSpec;
  /** The last GPU that computed steps of the run; absent if none did. */
  readonly gpu?: Gpu | undefined;
}

/**
 * All that decides the bytes of a run, as plain data: the settings of its set's recipe, and in the place of images and
 * pretrained weights their SHA-256. What changes no step that has been taken is left out: the number of outer steps, what is
 * done when one diverges, and options of the method that change no bit.
 */
export type RunSpec = Readonly<Record<string, unknown>>;

const checkTensors: Check = (name, value) => {
  const expected = "a Map of names to arrays of floats";
  if (Object.prototype.toString.call(value) !== "[object Map]") throw wrongKind(name, expected, value);
  for (const [key, floats] of value as ReadonlyMap<unknown, unknown>) {
    if (typeof key !== "string" || !isFloats(floats))
      throw wrongKind(`${name}.${String(key)}`, "an array of floats", floats);
  }
};

/** The check of what `state()` of a run gives. */
export const checkRunState: Check = thing("what state() of a run gives", {
  version: text,
  spec: kind("an object", isObject),
  step: whole(0),
  tensors: checkTensors,
  halvings: optional(listOf("an array", kind("an object", isObject))),
  gpu: optional(checkGpu),
});
