// Inner steps of SGD with momentum and weight decay, as torch.optim.SGD takes them, and their adjoint (docs/math.md §2, §10):
//
//   v' = μ·v + g + ω·θ      θ' = θ − η·v'          q = Q − η·P      Q ← μ·q
//
// A state is θ and the velocity v.

import type { Buffer } from "../backend/buffer.ts";
import type { Ops } from "../backend/ops.ts";
import type { InnerOptimizer } from "./inner-optimizer.ts";
import type { StateAdjoint, StepBack, UpdateRule } from "./update-rule.ts";

export class SgdRule implements UpdateRule {
  readonly moments = 1;
  readonly keepsGradient = false;
  readonly decay: number;
  readonly #ops: Ops;
  readonly #momentum: number;
  readonly #rate: Buffer;
  readonly #count: number;

  /** Updates `count` weights at the learning rate in the float `rate`. */
  constructor(ops: Ops, { momentum, weightDecay }: InnerOptimizer, rate: Buffer, count: number) {
    this.decay = weightDecay;
    this.#ops = ops;
    this.#momentum = momentum;
    this.#rate = rate;
    this.#count = count;
  }

  forward(after: Buffer, before: Buffer, g: Buffer): void {
    const ops = this.#ops;
    const n = this.#count;
    if (this.decay !== 0) ops.axpy(g, g, this.decay, before, n);
    ops.axpy(after + n, g, this.#momentum, before + n, n);
    ops.axpyBy(after, before, -1, this.#rate, after + n, n);
  }

  back(q: Buffer, slope: Buffer, { theta, moments }: StateAdjoint, { after }: StepBack): void {
    const ops = this.#ops;
    const n = this.#count;
    ops.dot(slope, theta, after + n, n);
    ops.axpyBy(q, moments, -1, this.#rate, theta, n);
    ops.scale(moments, this.#momentum, q, n);
  }
}
