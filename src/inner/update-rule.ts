// How an inner step changes the weights, and the way back through that (docs/math.md §10). A state is θ and, behind it in the same
// buffer, the vectors that the rule keeps beside θ, such as a velocity, each as long as θ.

import type { Buffer } from "../backend/buffer.ts";

/** Adjoints of a state: what ∂L/∂ of each part is, while the reverse sweep goes from step to step. */
export interface StateAdjoint {
  /** P = ∂L/∂θ, [θ] */
  readonly theta: Buffer;
  /** ∂L/∂ of each vector beside θ, [moments, θ] */
  readonly moments: Buffer;
}

/** A step on the way back, with the states and the gradient that the way forward left. */
export interface StepBack {
  readonly before: Buffer;
  readonly after: Buffer;
  /** What `forward` was given and may have changed; only if the rule keeps gradients. */
  readonly g: Buffer;
  /** The step, counted from 0 with those that were not recorded. */
  readonly t: number;
}

/** A rule of inner steps. The learning rate is one float in the backend's memory. */
export interface UpdateRule {
  /** The vectors beside θ in a state. */
  readonly moments: number;
  /** Whether `back` reads the gradient of the step. */
  readonly keepsGradient: boolean;
  /** ω, if the rule adds ω·θ to the gradient: what it adds to the Hessian. */
  readonly decay: number;
  /** Records the state after step `t` from that before it, which may be the same buffer, and g = ∇ℓ. It may change g. */
  forward(after: Buffer, before: Buffer, g: Buffer, t: number): void;
  /**
   * Records q = ∂L/∂g and takes the adjoints of the moments from after the step to before it; P stays, and (H + ω)·q is added to
   * it by whoever runs the R-pass along q. Puts ⟨P, ∂θ'/∂(−rate)⟩ into the float `slope`: −∂L/∂rate.
   */
  back(q: Buffer, slope: Buffer, adjoint: StateAdjoint, step: StepBack): void;
}
