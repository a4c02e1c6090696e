// The optimiser of inner steps: SGD with momentum and weight decay, as torch.optim.SGD has them (docs/math.md §2).

/** Constants of the inner steps: v ← momentum·v + ∇ℓ + weightDecay·θ, θ ← θ − η·v. Both 0 is the paper's rule. */
export interface InnerOptimizer {
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Throws RangeError unless 0 ≤ momentum < 1 and weightDecay is a finite number ≥ 0. What is left out is 0. */
export function innerOptimizer({
  momentum = 0,
  weightDecay = 0,
}: { readonly [key in keyof InnerOptimizer]?: number | undefined }): InnerOptimizer {
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`"momentum" expected a number >= 0 and < 1, got ${momentum}`);
  }
  if (!(weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`"weightDecay" expected a finite number >= 0, got ${weightDecay}`);
  }
  return { momentum, weightDecay };
}
