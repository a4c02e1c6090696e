// A run as a state: all that its next steps depend on, as named tensors. Randomness is addressed by seed, purpose and step,
// so nothing else has to be kept. To read a state and go on gives the bytes of a run that never stopped.

import type { Backend, Buffer, Floats } from "../backend/backend.ts";
import { type Check, text, whole } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isFloats } from "../kinds.ts";
import { readTensor, type Tensor, writeTensor } from "./tensor.ts";

/** The step and the tensors of a run. */
export interface TensorState {
  /** Outer steps taken. */
  readonly step: number;
  /** `learned/…`, `outer/…` (the optimisers' state), `clip/mean` and `carried/…`, as rows. */
  readonly tensors: ReadonlyMap<string, Floats>;
}

/** A run that can go on. Plain data: it can be cloned and sent. */
export interface RunState extends TensorState {
  /** The library's version. */
  readonly version: string;
  /** The SHA-256 of what decides the run: recipe, data, weights. A state goes on only in a run of the same specification. */
  readonly spec: string;
}

/** A tensor of the state, in the backend's memory. */
export type StateTensor = Tensor;

/** Copies of the tensors, by their names. */
export async function readState(
  backend: Backend,
  tensors: readonly StateTensor[],
  staging: Buffer,
): Promise<ReadonlyMap<string, Floats>> {
  const rows = await Promise.all(tensors.map((tensor) => readTensor(backend, tensor, staging)));
  return new Map(tensors.map(({ name }, i) => [name, rows[i]!]));
}

/** Puts a state back. Throws RangeError for tensors that are missing, unknown or of another size. */
export function writeState(
  backend: Backend,
  tensors: readonly StateTensor[],
  state: ReadonlyMap<string, Floats>,
  staging: Buffer,
): void {
  const known = new Set(tensors.map(({ name }) => name));
  const unknown = [...state.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new RangeError(`"tensors" expected those of this run, got "${unknown}" as well`);
  for (const tensor of tensors) {
    const rows = state.get(tensor.name);
    if (rows === undefined) throw new RangeError(`"tensors" expected "${tensor.name}", which is not there`);
    writeTensor(backend, tensor, rows, staging);
  }
}

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
  spec: text,
  step: whole(0),
  tensors: checkTensors,
});
