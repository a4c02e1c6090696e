// The weights of a network before its training and after each epoch, as one .safetensors: every tensor of the state_dict with the
// epochs as a first axis, so that `load_file(path)[name][e]` is the tensor after epoch e, and that before the first is at 0.
import type { NumericArray } from "../codecs/npy.ts";
import { parseSafetensors, writeSafetensors } from "../codecs/safetensors.ts";
import type { Trajectory } from "../distill/experts.ts";
import { FormatError } from "../errors.ts";
import { arrayKind } from "../kinds.ts";
import type { Model } from "../nn/model.ts";
import { quote } from "../quote.ts";

/** Writes a trajectory of float32. */
export function trajectoryToSafetensors(model: Model, trajectory: readonly Float32Array[]): Uint8Array {
  const tensors = model.parameters.map(({ name, shape, offset, size }): [string, NumericArray] => {
    const data = new Float32Array(trajectory.length * size);
    for (const [e, theta] of trajectory.entries()) data.set(theta.subarray(offset, offset + size), e * size);
    return [name, { shape: [trajectory.length, ...shape], data }];
  });
  // Hugging Face's readers ask for this entry.
  return writeSafetensors(tensors, [["format", "pt"]]);
}

/**
 * Reads a trajectory of so many epochs.
 *
 * @throws FormatError that names the file for damage, for tensors that are not those of the model, each with `epochs` + 1 states in
 * float32, and for values that are not finite.
 */
export function trajectoryFromSafetensors(bytes: Uint8Array, model: Model, epochs: number, name: string): Trajectory {
  const { tensors } = parseSafetensors(bytes, { name });
  const known = new Set(model.parameters.map((parameter) => parameter.name));
  const other = [...tensors.keys()].find((key) => !known.has(key));
  if (other !== undefined) {
    throw new FormatError(`${name}: expected the tensors of the model, got beside them ${quote(other)}`);
  }
  // All sizes are checked before memory is taken for them.
  const stacks = model.parameters.map((parameter) => stackOf(tensors.get(parameter.name), parameter, epochs, name));
  return Array.from({ length: epochs + 1 }, (_, e) => {
    const theta = new Float32Array(model.parameterCount);
    for (const [i, { offset, size }] of model.parameters.entries()) {
      theta.set(stacks[i]!.subarray(e * size, (e + 1) * size), offset);
    }
    return theta;
  });
}

/** Returns the values of one tensor in all epochs. */
function stackOf(
  tensor: NumericArray | undefined,
  parameter: Model["parameters"][number],
  epochs: number,
  file: string,
): Float32Array {
  const shape = [epochs + 1, ...parameter.shape];
  const expected = `${file}: expected ${quote(parameter.name)} as F32 ${quote(shape)}, the states of ${epochs} epochs`;
  if (!tensor) throw new FormatError(`${expected}, got none`);
  const { data } = tensor;
  if (tensor.shape.join() !== shape.join() || arrayKind(data) !== "Float32Array") {
    throw new FormatError(`${expected}, got ${arrayKind(data)} ${quote(tensor.shape)}`);
  }
  const at = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new FormatError(`${file}: expected ${quote(parameter.name)} to be finite, got ${data[at]} at ${at}`);
  }
  return data as Float32Array;
}
