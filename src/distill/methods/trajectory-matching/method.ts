// Trajectory matching (MTT: Cazenavette, Wang, Torralba, Efros, Zhu, CVPR 2022; docs/math.md §13): a network begins with the
// weights θ*_t of an expert, takes N steps of SGD on the set, and what is learned follows the gradient of
//
//   L = ‖θ_N − θ*_{t+M}‖² / ‖θ*_t − θ*_{t+M}‖²
//
// The way back through the steps is that of windows of training, and begins with λ = 2 (θ_N − θ*_{t+M}) / ‖θ*_t − θ*_{t+M}‖².

import { type Backend, write } from "../../../backend/backend.ts";
import type { Buffer, Floats } from "../../../backend/buffer.ts";
import { required } from "../../../backend/buffer.ts";
import { SgdRule } from "../../../inner/sgd-rule.ts";
import { SubBatches } from "../../../inner/sub-batches.ts";
import { TrainingWindow } from "../../../inner/window.ts";
import { WindowGradient } from "../../../inner/window-gradient.ts";
import { randomOrder } from "../../../numeric/random.ts";
import type { Parts } from "../../../platform/parts.ts";
import type { Experts } from "../../experts.ts";
import { LearnedBlock } from "../../learned-block.ts";
import type { Method, MethodContext, NetworkRun, Share } from "../../method.ts";
import type { MethodTools } from "../../tools.ts";
import { subBatchOf, type TrajectoryMatchingMethod, trainingOf } from "./options.ts";

type Context = MethodContext<TrajectoryMatchingMethod>;

/** A part of an expert's training: the weights where it begins and where it ends. */
export interface Stretch {
  /** θ*_t */
  readonly from: Floats;
  /** θ*_{t+M} */
  readonly to: Floats;
}

/** The step size of r if none is given: the paper's for CIFAR-10 with one image of each class, 1e-7 for α at 0.01. */
const usualRateStep = 0.001;

export const trajectoryMatchingMethod: Method<TrajectoryMatchingMethod, LearnedBlock> = {
  name: "trajectory-matching",
  changesNoBit: ["memory"],
  allocate: (context) => {
    const { options, problem } = context;
    const { imagesPerClass, init, labels, labelRate, rate, rateStep = usualRateStep, learningRate } = options;
    return new LearnedBlock(context, {
      ...{ imagesPerClass, init, labels, labelRate, rate, rateStep, learningRate },
      training: (learned) => trainingOf(options, problem.model.classes, learned),
    });
  },
  network: (context, run) => new MatchingNetwork(context, run),
};

/** Returns the stretch that network `index` of the run shall match: expert and start are drawn for each. */
export function stretchOf(
  { trajectories }: Pick<Experts, "trajectories">,
  { maxStartEpoch, expertEpochs }: Pick<TrajectoryMatchingMethod, "maxStartEpoch" | "expertEpochs">,
  tools: Pick<MethodTools, "key">,
  index: number,
): Stretch {
  const drawn = (count: number, part: number): number =>
    randomOrder(count, 1, tools.key("trajectory/stretch", index, part))[0]!;
  const trajectory = trajectories[drawn(trajectories.length, 0)]!;
  const start = drawn(maxStartEpoch, 1);
  return { from: trajectory[start]!, to: trajectory[start + expertEpochs]! };
}

/**
 * Returns the places in the set of the images of inner step `t` of network `index`: the next `batch` of all in a random order. An
 * order of which fewer are left is followed by another.
 */
export function batchPlaces(
  { images, batch }: { readonly images: number; readonly batch: number },
  tools: Pick<MethodTools, "key">,
  index: number,
  t: number,
): number[] {
  const perOrder = Math.floor(images / batch);
  const at = t % perOrder;
  const key = tools.key("trajectory/images", index, (t - at) / perOrder);
  return randomOrder(images, (at + 1) * batch, key).slice(at * batch);
}

/** Returns ‖a − b‖². */
function squaredDistance(a: Floats, b: Floats): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) * (a[i]! - b[i]!);
  return sum;
}

class MatchingNetwork implements NetworkRun {
  readonly share: Share;
  readonly #context: Context;
  readonly #gradient: WindowGradient;
  readonly #batches: SubBatches;
  readonly #counts: { readonly images: number; readonly batch: number };
  /** θ*_{t+M} */
  readonly #goal: Buffer;

  constructor(context: Context, run: LearnedBlock) {
    const { options, problem, backend, memory, tools } = context;
    const { model, loss } = problem;
    const learnsLabels = options.labels === "learned";
    this.#context = context;
    this.#counts = { images: run.images, batch: subBatchOf(options, model.classes) };
    const { steps, augment } = options;
    this.#batches = new SubBatches(run.block, { ...this.#counts, steps, augment }, model, backend, memory);
    const rule = new SgdRule(backend.ops, { momentum: 0, weightDecay: 0 }, run.rate, model.parameterCount);
    const held = { model, loss, length: steps, memory: options.memory };
    const window = new TrainingWindow(held, this.#batches, rule, backend, memory);
    this.#gradient = new WindowGradient(window, run.block, backend, memory, { targets: learnsLabels });
    this.#goal = tools.parameters();
    const { dImages, dRate, dTargets } = this.#gradient;
    const ofRate = options.rate === "learned" ? [dRate] : [];
    const ofLabels = learnsLabels ? [required(dTargets, "the gradient of the labels")] : [];
    this.share = { loss: memory.gradients.allocate(1), gradients: [dImages, ...ofRate, ...ofLabels] };
  }

  *record(step: number, k: number): Parts {
    const { options, problem, backend, tools } = this.#context;
    const index = step * problem.networksPerStep + k;
    const { from, to } = stretchOf(problem.init as Experts, options, tools, index);
    write(backend, this.#gradient.window.state(0), from);
    write(backend, this.#goal, to);
    this.#batches.draw(options.steps, {
      places: (t) => batchPlaces(this.#counts, tools, index, t),
      augmentation: (t) => ({ key: tools.key("augment", index, t) }),
    });
    const perLength = 1 / squaredDistance(from, to);
    yield* this.#gradient.run(
      0,
      (theta, gradient) => this.#distance(backend, theta, gradient, perLength),
      tools.key("dropout/distil", index),
    );
  }

  /** Records L at θ_N and λ = ∂L/∂θ_N. */
  *#distance({ ops }: Backend, theta: Buffer, gradient: Buffer, perLength: number): Parts {
    const n = this.#context.problem.model.parameterCount;
    const { loss } = this.share;
    ops.axpy(gradient, theta, -1, this.#goal, n);
    ops.dot(loss, gradient, gradient, n);
    ops.scale(loss, perLength, loss, 1);
    ops.scale(gradient, 2 * perLength, gradient, n);
    yield;
  }
}
