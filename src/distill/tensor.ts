// Tensors in a backend's memory, and the way between the layout of its kernels and rows as users hold them. A tensor that
// leaves the backend is always rows: so it means the same on every backend, on every machine and in every file.
import { type Backend, type Buffer, type Floats, write } from "../backend/backend.ts";

/** Blocks of images or labels, each [features, lanes] in the kernels' layout and [images, features] outside. */
export interface Packing {
  readonly blocks: number;
  /** Images of a block. */
  readonly images: number;
  /** Floats of one image, or of one label. */
  readonly features: number;
  /** Images of a block with the padding lanes. */
  readonly lanes: number;
}

/** Floats with a name. */
export interface Tensor {
  readonly name: string;
  readonly value: Buffer;
  /** Floats in the backend's memory. */
  readonly floats: number;
  /** Absent where the floats lie as users hold them. */
  readonly packing?: Packing | undefined;
}

/** Floats of a tensor outside the backend. */
export function rowFloats({ floats, packing }: Pick<Tensor, "floats" | "packing">): number {
  return packing ? packing.blocks * packing.images * packing.features : floats;
}

/** Floats of the staging room that a tensor needs on its way in or out: one block. */
export function stagingFloats({ packing }: Pick<Tensor, "packing">): number {
  return packing ? packing.images * packing.features : 0;
}

/** A copy of the tensor as rows. `staging` has room for `stagingFloats`. */
export async function readTensor(backend: Backend, tensor: Tensor, staging: Buffer): Promise<Floats> {
  const { value, floats, packing } = tensor;
  if (packing === undefined) return backend.read(value, floats);
  const { blocks, images, features, lanes } = packing;
  const size = images * features;
  const parts = Array.from({ length: blocks }, (_, block) => {
    const shape = { features, images, batch: lanes };
    backend.ops.unpackImages(staging, value + block * features * lanes, shape);
    return backend.read(staging, size);
  });
  const rows = new backend.Floats(blocks * size);
  for (const [block, part] of (await Promise.all(parts)).entries()) rows.set(part, block * size);
  return rows;
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
  const size = images * features;
  for (let block = 0; block < blocks; block++) {
    write(backend, staging, rows.subarray(block * size, (block + 1) * size));
    const shape = { features, images, batch: lanes };
    backend.ops.packImages(value + block * features * lanes, staging, shape);
  }
}
