// Reads the tensors of a run's state out of a backend's memory, and writes them back.
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Tensor } from "./tensor.ts";
import { readTensor, writeTensor } from "./tensor-rows.ts";

/** A tensor of the state, in the backend's memory. */
export type StateTensor = Tensor;

/** Returns copies of the tensors, by their names; in the arrays of `into`, a state of the same run, if that is given. */
export async function readState(
  backend: Backend,
  tensors: readonly StateTensor[],
  staging: Buffer,
  into?: ReadonlyMap<string, Floats>,
): Promise<ReadonlyMap<string, Floats>> {
  const rows = await Promise.all(tensors.map((tensor) => readTensor(backend, tensor, staging, into?.get(tensor.name))));
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
