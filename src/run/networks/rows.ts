// What both sides of a run on workers know of the tensors that they hand each other.
import type { Floats } from "../../backend/buffer.ts";
import type { Share } from "../../distill/method.ts";
import type { Tensor } from "../../distill/tensor.ts";

/** Returns the gradient of learned tensor `i`, which has the layout of the tensor. */
export function gradientOf(tensor: Tensor, { gradients }: Share, i: number): Tensor {
  return { ...tensor, value: gradients[i]! };
}

export function bufferOf({ buffer }: Floats): ArrayBuffer {
  return buffer as ArrayBuffer;
}
