// Inner steps of Adam (Kingma, Ba 2015), as torch.optim.Adam takes them without weight decay, and their adjoint (docs/math.md §10).
// A state is θ, the mean m of gradients and the mean s of their squares.

import type { Allocator } from "../backend/arena.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { StateAdjoint, StepBack, UpdateRule } from "./update-rule.ts";

/** The constants of Adam but its learning rate. */
export interface AdamConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
}

export class AdamRule implements UpdateRule {
  readonly moments = 2;
  readonly keepsGradient = true;
  readonly decay = 0;
  readonly #ops: Ops;
  readonly #constants: AdamConstants;
  readonly #rate: Buffer;
  readonly #count: number;
  /** The direction of a step: m̂ / (√ŝ + eps). */
  readonly #direction: Buffer;

  /** Updates `count` weights at the learning rate in the float `rate`. */
  constructor(ops: Ops, { beta1, beta2, eps }: AdamConstants, rate: Buffer, count: number, scratch: Allocator) {
    this.#ops = ops;
    this.#constants = { beta1, beta2, eps };
    this.#rate = rate;
    this.#count = count;
    this.#direction = scratch.allocate(count);
  }

  forward(after: Buffer, before: Buffer, g: Buffer, t: number): void {
    const ops = this.#ops;
    const n = this.#count;
    const u = this.#direction;
    if (after !== before) ops.copy(after + n, before + n, 2 * n);
    const options = { ...this.#constants, weightDecay: 0, step: t + 1 };
    ops.adamDirection(u, after + n, after + 2 * n, g, before, n, options);
    ops.axpyBy(after, before, -1, this.#rate, u, n);
  }

  back(q: Buffer, slope: Buffer, { theta, moments }: StateAdjoint, { before, g, t }: StepBack): void {
    const ops = this.#ops;
    const n = this.#count;
    const u = this.#direction;
    const options = { ...this.#constants, step: t + 1 };
    ops.adamAdjoint(q, u, moments, moments + n, theta, before + n, before + 2 * n, g, this.#rate, n, options);
    ops.dot(slope, theta, u, n);
  }
}
