// Tensors in a backend's memory, and the way between the layout of its kernels and rows as users hold them. A tensor that
// leaves the backend is always rows, so it means the same on every backend, on every machine and in every file.
import type { Buffer } from "../backend/buffer.ts";

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
  /** Absent if the floats lie as users hold them. */
  readonly packing?: Packing | undefined;
}

/** Floats of a tensor outside the backend. */
export function rowFloats({ floats, packing }: Pick<Tensor, "floats" | "packing">): number {
  return packing ? packing.blocks * packing.images * packing.features : floats;
}

/** Floats of tensors outside the backend. */
export function rowsOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + rowFloats(tensor), 0);
}

/** Floats of the staging room that a tensor needs on its way in or out: those of its rows, if they are packed. */
export function stagingFloats(tensor: Pick<Tensor, "floats" | "packing">): number {
  return tensor.packing ? rowFloats(tensor) : 0;
}
