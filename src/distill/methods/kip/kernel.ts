// The options of a kernel of infinitely wide networks, which KIP and label solve share, and what follows from them (docs/math.md §12).

import { type ArcCosine, kernelBias } from "../../../backend/shapes.ts";
import { type Filled, filled, number, whole, word } from "../../../checks/declare.ts";
import { elements } from "../../../nn/layer.ts";
import type { Model } from "../../../nn/model.ts";

/** The options of the kernel. */
export const kernelOptions = {
  /** "ntk", the neural tangent kernel, as networks train; or "nngp", the kernel of random networks' outputs. Default "ntk". */
  kernel: filled(word("ntk", "nngp"), "ntk", {
    help: "which kernel of an infinitely wide network: ntk, the neural tangent kernel, or nngp, that of the outputs",
    flag: "--kernel <name>",
  }) as Filled<"ntk" | "nngp">,
  /** Hidden layers of that network, which is fully connected with ReLU. Default 3. */
  depth: filled(whole(1, 100), 3, {
    help: "how many hidden layers that network has",
    flag: "--kernel-depth <n>",
  }) as Filled<number>,
  /** What is added to the diagonal of the kernel's matrix, in shares of its mean. Default 1e-6. */
  ridge: filled(number({ above: 0, most: 1 }), 1e-6, {
    help: "how strongly the regression is regularised, in shares of the mean diagonal of the kernel",
    flag: "--ridge <x>",
  }) as Filled<number>,
};

/** The kernel that options name. */
export interface KernelChoice {
  readonly kernel: "ntk" | "nngp";
  readonly depth: number;
}

/** Returns the kernel as ops take it. */
export function arcCosineOf({ kernel, depth }: KernelChoice): ArcCosine {
  return { depth, tangent: kernel === "ntk" };
}

/**
 * Returns κ(x, x) as a function of Σ(x, x), the covariance of the first layer, which is a straight line: the angle is 0 in every layer.
 */
export function diagonalOf({ depth, tangent }: ArcCosine): { readonly slope: number; readonly constant: number } {
  if (!tangent) return { slope: 1, constant: kernelBias * depth };
  return { slope: depth + 1, constant: (kernelBias * depth * (depth + 1)) / 2 };
}

/** Throws RangeError for more than one network in an outer step: a kernel has none. */
export function checkOneNetwork(name: string, networksPerStep: number): void {
  if (networksPerStep === 1) return;
  throw new RangeError(
    `"networksPerStep" expected 1 with ${name}, whose kernel stands for networks without number, got ${networksPerStep}`,
  );
}

/** Returns the products of a kernel between so many pairs of images of the model's, with the gradient. */
export function pairFlops(model: Model, pairs: number): number {
  return pairs * 8 * elements(model.inputShape);
}
