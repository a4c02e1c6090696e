// Random inner loops for the meta-gradient tests, and their results, computed one gradient at a time: nothing
// here uses the library's own unrolling.

import type { BoundNetwork } from "../../src/engine/bound-network.ts";
import { elements } from "../../src/nn/layer.ts";
import type { Model } from "../../src/nn/model.ts";
import { distanceFromKinks, floats, moved, reference, softTargets } from "./differences.ts";

export interface Block {
  readonly images: Float64Array;
  readonly targets: Float64Array;
}

/** The arguments of `metaGradient`; all values are float32 numbers, so that every backend starts from the same. */
export interface Problem {
  readonly parameters: Float64Array;
  readonly steps: readonly Block[];
  readonly epochs: number;
  readonly learningRates: Float64Array;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly real: Block;
}

export interface ProblemOptions {
  readonly steps: number;
  readonly epochs: number;
  /** The images of a block, and of the outer batch. */
  readonly images: number;
  readonly real: number;
  readonly seed: number;
  /** Weights are drawn from ±scale. */
  readonly scale: number;
  /** The step of the differences. */
  readonly step: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
}

/** The distance in steps. An activation that crosses a kink nevertheless gives an error as large as the derivative. */
const kinkDistance = 20;

/** Returns a random problem whose whole trajectory stays away from kinks, and its seed. The same seed gives the same problem. */
export async function drawProblem(model: Model, options: ProblemOptions): Promise<{ problem: Problem; seed: number }> {
  const net = await reference.bind(model);
  for (let seed = options.seed; seed < options.seed + 50_000; seed += 1000) {
    const problem = paintProblem(model, { ...options, seed });
    const { trajectory } = await train(net, problem);
    let least = Number.POSITIVE_INFINITY;
    for (let t = 0; t < trajectory.length && least >= kinkDistance * options.step; t++) {
      const { images } = t + 1 < trajectory.length ? problem.steps[t % problem.steps.length]! : problem.real;
      least = Math.min(least, await distanceFromKinks(model, trajectory[t]!, images));
    }
    if (least >= kinkDistance * options.step) return { problem, seed };
  }
  throw new Error(`no inner loop away from kinks, seeds ${options.seed}, ${options.seed + 1000}, …`);
}

export function paintProblem(model: Model, options: ProblemOptions): Problem {
  const { steps, epochs, images, real, seed, scale, momentum = 0, weightDecay = 0 } = options;
  const block = (count: number, at: number): Block => ({
    images: floats(count * elements(model.inputShape), at),
    targets: softTargets(count, model.classes, at + 1).map(Math.fround),
  });
  return {
    parameters: floats(model.parameterCount, seed, scale),
    steps: Array.from({ length: steps }, (_, s) => block(images, seed + 10 + 2 * s)),
    epochs,
    learningRates: floats(steps * epochs, seed + 1, 0.08).map((value) => Math.fround(0.1 + value)),
    momentum,
    weightDecay,
    real: block(real, seed + 2),
  };
}

/**
 * Runs gradient descent by its definition, v ← μ·v + ∇ℓ + ω·θ, θ ← θ − η·v. Returns all θ_t, and the loss of the last one on
 * the outer batch.
 */
export async function train(
  net: BoundNetwork,
  { parameters, steps, epochs, learningRates, momentum = 0, weightDecay = 0, real }: Problem,
): Promise<{ loss: number; trajectory: Float64Array[] }> {
  const trajectory = [parameters];
  let velocity = new Float64Array(parameters.length);
  for (let t = 0; t < steps.length * epochs; t++) {
    const theta = trajectory[t]!;
    const gradient = await net.gradients({ parameters: theta, ...steps[t % steps.length]! });
    velocity = velocity.map((v, i) => momentum * v + gradient.parameters[i]! + weightDecay * theta[i]!);
    trajectory.push(moved(theta, -learningRates[t]!, velocity));
  }
  const { loss } = await net.gradients({ parameters: trajectory.at(-1)!, ...real });
  return { loss, trajectory };
}
