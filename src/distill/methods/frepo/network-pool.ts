// The pool of networks that FRePo trains on line (Zhou, Nezhadarya, Ba 2022, Algorithm 1): each outer step uses one or some of
// them, and then lets those take one gradient step of Adam on the set as it is now, or begin anew where they are old
// (docs/math.md §9).

import type { Buffer } from "../../../backend/buffer.ts";
import type { Network } from "../../../nn/network.ts";
import type { Tape } from "../../../nn/tape.ts";
import type { Parts } from "../../../platform/parts.ts";
import type { MethodContext } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import type { Tensor } from "../../tensor.ts";
import type { FrepoMethod } from "./options.ts";
import { PoolSchedule } from "./pool-schedule.ts";

/** As torch.optim.Adam has them. */
const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };

export class NetworkPool {
  /** θ of each network, and the moments of its Adam, [poolSize, parameters] each. */
  readonly tensors: readonly [theta: Tensor, m: Tensor, v: Tensor];
  readonly #context: MethodContext<FrepoMethod>;
  readonly #synthetic: SyntheticImages;
  readonly #schedule: PoolSchedule;
  readonly #network: Network;
  readonly #tape: Tape;
  readonly #gradient: Buffer;

  constructor(context: MethodContext<FrepoMethod>, synthetic: SyntheticImages) {
    const { options, problem, memory, tools } = context;
    const { poolSize, maxAge } = options;
    const floats = poolSize * problem.model.parameterCount;
    const tensor = (name: string): Tensor => ({
      ...{ name: `pool/${name}`, value: memory.parameters.allocate(floats), floats },
    });
    this.tensors = [tensor("parameters"), tensor("m"), tensor("v")];
    this.#context = context;
    this.#synthetic = synthetic;
    const perStep = problem.networksPerStep;
    this.#schedule = new PoolSchedule({ poolSize, maxAge, perStep, key: (step) => tools.key("pool", step) });
    const { images, targets } = synthetic.blocks;
    this.#network = tools.network(synthetic.images.packing!.images);
    this.#tape = this.#network.tape(memory.activations, images, targets, { images: false, targets: false });
    this.#gradient = tools.parameters();
  }

  /** Records the ops that make all networks new. */
  start(): void {
    for (let place = 0; place < this.#context.options.poolSize; place++) this.#renew(place, place);
  }

  /** θ of network `k` of an outer step. */
  theta(step: number, k: number): Buffer {
    return this.#at(this.#schedule.at(step)[k]!.place)[0];
  }

  /** Records the ops that make the networks of an outer step older, or new, in parts. */
  *age(step: number): Parts {
    const { options, problem } = this.#context;
    for (const [k, { place, taken, isOld }] of this.#schedule.at(step).entries()) {
      if (isOld) this.#renew(place, options.poolSize + step * problem.networksPerStep + k);
      else yield* this.#train(place, taken);
      yield;
    }
  }

  /** Takes a step of Adam on all images of the set, whose loss is the mean of ½‖z − y‖² over them. */
  *#train(place: number, taken: number): Parts {
    const { options, problem, backend } = this.#context;
    const [theta, m, v] = this.#at(place);
    const { images } = this.#synthetic.images.packing!;
    yield* this.#network.forwardParts(theta, this.#tape, images);
    this.#network.loss(this.#tape, images);
    yield* this.#network.backwardParts(theta, this.#tape, this.#gradient);
    const settings = { learningRate: options.networkRate, ...adam, step: taken + 1 };
    backend.ops.adam(theta, m, v, this.#gradient, problem.model.parameterCount, settings);
  }

  /** Makes the network at a place the run's random network of that number. */
  #renew(place: number, number: number): void {
    const { problem, backend, tools } = this.#context;
    const [theta, m, v] = this.#at(place);
    tools.newWeights(theta, number);
    for (const moment of [m, v]) backend.ops.fill(moment, 0, problem.model.parameterCount);
  }

  #at(place: number): readonly [theta: Buffer, m: Buffer, v: Buffer] {
    const from = place * this.#context.problem.model.parameterCount;
    const [theta, m, v] = this.tensors;
    return [theta.value + from, m.value + from, v.value + from];
  }
}
