// The networks of gradient matching, one for each place in an outer step: used for some outer steps, trained on the set between
// them, and then replaced by new ones (docs/math.md §11).
import { type Buffer, none } from "../../../backend/buffer.ts";
import type { AugmentedImages } from "../../../inner/augmented-images.ts";
import type { Network } from "../../../nn/network.ts";
import type { Tape } from "../../../nn/tape.ts";
import type { Parts } from "../../../platform/parts.ts";
import type { MethodContext } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import type { Tensor } from "../../tensor.ts";
import { type GradientMatchingMethod, scheduleOf } from "./options.ts";

/** What trains a network on all images of the set. */
interface Training {
  readonly network: Network;
  readonly tape: Tape;
  readonly augmented: AugmentedImages | undefined;
  readonly gradient: Buffer;
}

export class MatchedNetworks {
  /** θ of each, [networksPerStep, parameters]. */
  readonly tensor: Tensor;
  readonly #context: MethodContext<GradientMatchingMethod>;
  readonly #synthetic: SyntheticImages;
  readonly #images: number;
  /** Absent if every outer step has new networks. */
  readonly #training: Training | undefined;

  constructor(context: MethodContext<GradientMatchingMethod>, synthetic: SyntheticImages) {
    const { options, problem, memory } = context;
    const floats = problem.networksPerStep * problem.model.parameterCount;
    this.tensor = { name: "networks/parameters", value: memory.parameters.allocate(floats), floats };
    this.#context = context;
    this.#synthetic = synthetic;
    this.#images = synthetic.images.packing!.images;
    if (scheduleOf(options).perNetwork > 1) this.#training = this.#allocateTraining();
  }

  #allocateTraining(): Training {
    const { options, memory, tools } = this.#context;
    const network = tools.network(this.#images);
    const { images, targets, imageFloats } = this.#synthetic.blocks;
    const { augment = [] } = options;
    const augmented = augment.length > 0 ? tools.augmentedImages(augment, this.#images) : undefined;
    const used = augmented ? memory.activations.allocate(imageFloats) : images;
    const tape = network.tape(memory.activations, used, targets, { images: false, targets: false });
    return { network, tape, augmented, gradient: tools.parameters() };
  }

  /** θ of network `k`. */
  theta(k: number): Buffer {
    return this.tensor.value + k * this.#context.problem.model.parameterCount;
  }

  /** Records the ops that make all networks new. */
  start(): void {
    this.#renew(0);
  }

  /** Records the ops that train the networks after an outer step, or replace them after their last one, in parts. */
  *after(step: number): Parts {
    const { perNetwork, gradientSteps } = scheduleOf(this.#context.options);
    if ((step + 1) % perNetwork === 0) {
      this.#renew((step + 1) / perNetwork);
      return;
    }
    for (let k = 0; k < this.#context.problem.networksPerStep; k++) {
      for (let t = 0; t < gradientSteps; t++) yield* this.#train(step, k, t);
    }
  }

  /** Takes a gradient step of network `k` on all images of the set. */
  *#train(step: number, k: number, t: number): Parts {
    const { options, problem, backend, tools } = this.#context;
    const { network, tape, augmented, gradient } = this.#training!;
    const theta = this.theta(k);
    const index = step * problem.networksPerStep + k;
    const drawn = augmented?.draw(tools.key("augment/networks", index, t), { count: this.#images });
    drawn?.forward(tape.images, this.#synthetic.blocks.images);
    yield* network.forwardParts(theta, tape, this.#images);
    network.loss(tape, this.#images);
    yield* network.backwardParts(theta, tape, gradient);
    const settings = { learningRate: options.networkRate, momentum: 0 };
    backend.ops.sgd(theta, none, gradient, problem.model.parameterCount, settings);
    yield;
  }

  /** Replaces all networks by the run's next ones; `time` counts how often that was done. */
  #renew(time: number): void {
    const { problem, tools } = this.#context;
    for (let k = 0; k < problem.networksPerStep; k++)
      tools.newWeights(this.theta(k), time * problem.networksPerStep + k);
  }
}
