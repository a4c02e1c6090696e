// Reads tensors out of a backend's memory and writes them into it, as rows.
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { arrayKind } from "../kinds.ts";
import { rowFloats, type Tensor } from "./tensor.ts";

/** Returns a copy of the tensor as rows, in `into` if that is given. `staging` has room for `stagingFloats`. */
export async function readTensor(backend: Backend, tensor: Tensor, staging: Buffer, into?: Floats): Promise<Floats> {
  const { value, floats, packing } = tensor;
  if (packing === undefined) return backend.read(value, floats, into);
  const { blocks, images, features, lanes } = packing;
  for (let block = 0; block < blocks; block++) {
    const shape = { features, images, lanes };
    backend.ops.unpackImages(staging + block * images * features, value + block * features * lanes, shape);
  }
  return backend.read(staging, blocks * images * features, into);
}

/** Returns rows that were read as a set has them: themselves where they are float32, as nobody else has them. */
export function rowsOfSet(rows: Floats): Float32Array {
  return arrayKind(rows) === "Float32Array" ? (rows as Float32Array) : new Float32Array(rows);
}

/** Puts rows into the tensor, with zeros in the padding lanes. Throws RangeError for another number of floats. */
export function writeTensor(backend: Backend, tensor: Tensor, rows: Floats, staging: Buffer): void {
  const { name, value, packing } = tensor;
  const expected = rowFloats(tensor);
  if (rows.length !== expected) throw new RangeError(`"${name}" expected ${expected} floats, got ${rows.length}`);
  if (packing === undefined) {
    write(backend, value, rows);
    return;
  }
  const { blocks, images, features, lanes } = packing;
  write(backend, staging, rows);
  for (let block = 0; block < blocks; block++) {
    const shape = { features, images, lanes };
    backend.ops.packImages(value + block * features * lanes, staging + block * images * features, shape);
  }
}
