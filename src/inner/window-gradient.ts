// The gradient of an outer loss through a window of training (docs/math.md §10), by one R-pass for each step. It starts with
// P = ∂L/∂θ after the last step and no adjoint of the moments. For each step, from the last one back, the rule gives q = ∂L/∂g of
// the gradient g = ∇_θ ℓ that the step followed, and with the R-pass along q
//
//   ∂L/∂x += H_xθ q      ∂L/∂y += H_yθ q      P ← P + (H_θθ + ω) q
//
// The state in which the window begins counts as a constant.

import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, type OptionalBuffer, required } from "../backend/buffer.ts";
import type { Tangent } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Parts } from "../platform/parts.ts";
import type { Allocators } from "./allocators.ts";
import type { OuterLoss } from "./back-gradient.ts";
import type { Blocks } from "./unroll.ts";
import type { StateAdjoint } from "./update-rule.ts";
import type { TrainingWindow } from "./window.ts";

export class WindowGradient {
  readonly window: TrainingWindow;
  /** Gradients of the last `run`, laid out as the set: [c, h, w, lanes]. */
  readonly dImages: Buffer;
  /** [classes, lanes]; none unless wanted. */
  readonly dTargets: OptionalBuffer;
  /** ∂L/∂ of the learning rate of all steps of the window, one float. */
  readonly dRate: Buffer;
  readonly #backend: Backend;
  readonly #set: Blocks;
  readonly #adjoint: StateAdjoint;
  readonly #q: Buffer;
  /** H_θθ·q */
  readonly #product: Buffer;
  readonly #tangent: Tangent;
  /** −∂L/∂ of the learning rate of each step, [W] */
  readonly #slopes: Buffer;

  /** `set` is what the window's batches are taken from. */
  constructor(
    window: TrainingWindow,
    set: Blocks,
    backend: Backend,
    memory: Pick<Allocators, "gradients" | "scratch">,
    wanted: { readonly targets: boolean },
  ) {
    const { gradients, scratch } = memory;
    const count = window.options.model.parameterCount;
    this.window = window;
    this.#backend = backend;
    this.#set = set;
    this.dImages = gradients.allocate(set.imageFloats);
    this.dTargets = wanted.targets ? gradients.allocate(set.targetFloats) : none;
    this.dRate = gradients.allocate(1);
    this.#slopes = gradients.allocate(window.options.length);
    this.#adjoint = { theta: gradients.allocate(count), moments: gradients.allocate(window.rule.moments * count) };
    this.#q = gradients.allocate(count);
    this.#product = gradients.allocate(count);
    this.#tangent = window.network.tangent(scratch, { images: true, targets: wanted.targets });
  }

  /**
   * Trains from θ_0 in `window.state(0)`, `skipped` steps and then those of the window, and leaves the gradients of the outer loss
   * in the buffers above. Dropout in the inner steps draws from `random`.
   */
  *run(skipped: number, outerLoss: OuterLoss, random?: RandomKey): Parts {
    const { ops } = this.#backend;
    const { window, dImages, dTargets } = this;
    const { length, model } = window.options;
    const { theta, moments } = this.#adjoint;
    yield* window.run(skipped, random);
    yield* outerLoss(window.state(length), theta);
    ops.fill(dImages, 0, this.#set.imageFloats);
    if (dTargets !== none) ops.fill(dTargets, 0, this.#set.targetFloats);
    ops.fill(moments, 0, window.rule.moments * model.parameterCount);
    for (let w = length - 1; w >= 0; w--) yield* this.#back(w);
    ops.sum(this.dRate, this.#slopes, length, false);
    ops.scale(this.dRate, -1, this.dRate, 1);
  }

  /** Records the way back through step `w` of the window. */
  *#back(w: number): Parts {
    const { ops } = this.#backend;
    const { window } = this;
    const { network, rule, batches } = window;
    const { parameterCount } = window.options.model;
    const t = window.step(w);
    const [q, { theta: p }] = [this.#q, this.#adjoint];
    yield* window.recall(w);
    const [before, tape] = [window.state(w), window.tape(w)];
    rule.back(q, this.#slopes + w, this.#adjoint, { before, after: window.state(w + 1), g: window.gradient(w), t });
    batches.choose(t);
    yield* network.forwardRParts(before, q, tape, this.#tangent, batches.count);
    // Nothing before the window asks for ∂L/∂θ.
    yield* network.backwardRParts(before, q, tape, this.#tangent, w === 0 ? none : this.#product);
    const { dImages, dTargets } = this.#tangent;
    const ofBatch = { images: required(dImages, "the gradient of the images"), targets: dTargets };
    batches.add({ images: this.dImages, targets: this.dTargets }, ofBatch);
    if (w > 0) {
      ops.axpy(p, p, 1, this.#product, parameterCount);
      if (rule.decay !== 0) ops.axpy(p, p, rule.decay, q, parameterCount);
    }
    yield;
  }
}
