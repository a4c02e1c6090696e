// Runs forward, loss and backward over one labelled batch, with room for every gradient: the gradients themselves, and what
// Hessian products begin with.
import type { Buffer, Floats } from "../backend/buffer.ts";
import { elements } from "../nn/layer.ts";
import { laneCount, Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Gradients } from "./passes.ts";
import { allRead, type Binding, type CheckedBatch, loadColumns, loadTargets, readColumns, store } from "./staging.ts";

export class LabelledPass {
  readonly network: Network;
  readonly tape: Tape;
  /** ∂ℓ/∂θ */
  readonly dTheta: Buffer;
  readonly #images: number;

  /** Allocates everything and brings the batch into the layout of the kernels. */
  constructor(binding: Binding, batch: CheckedBatch) {
    const { model, backend, arena, loss } = binding;
    const features = elements(model.inputShape);
    const { count } = batch;
    this.network = new Network(model, backend, laneCount(model, count, backend.plan), arena, { loss });
    const images = arena.allocate(features * this.network.lanes);
    const targets = arena.allocate(model.classes * this.network.lanes);
    this.tape = this.network.tape(arena, images, targets, { images: true, targets: true });
    this.dTheta = arena.allocate(model.parameterCount);
    this.#images = count;
    loadColumns(binding, images, batch.images, { features, images: count, lanes: this.network.lanes });
    loadTargets(binding, targets, batch, this.network.lanes);
  }

  /** Computes losses, logits and all first derivatives at θ. */
  run(theta: Buffer, random: RandomKey | undefined): void {
    this.network.forward(theta, this.tape, this.#images, random);
    this.network.loss(this.tape, this.#images);
    this.network.backward(theta, this.tape, this.dTheta);
  }
}

/** Computes the mean loss of the batch at θ and all its first derivatives. */
export async function gradients(
  binding: Binding,
  batch: CheckedBatch,
  theta: Floats,
  random: RandomKey | undefined,
): Promise<Gradients> {
  const { model, backend } = binding;
  const { losses, ...gradients } = await allRead(binding, () => {
    const pass = new LabelledPass(binding, batch);
    const { network, tape, dTheta } = pass;
    pass.run(store(binding, theta), random);
    const columns = { features: elements(model.inputShape), images: batch.count, lanes: network.lanes };
    const ofClasses = { ...columns, features: model.classes };
    return {
      losses: backend.read(tape.losses, batch.count),
      logits: readColumns(binding, tape.logits, ofClasses),
      parameters: backend.read(dTheta, model.parameterCount),
      images: readColumns(binding, tape.dImages, columns),
      targets: readColumns(binding, tape.dTargets, ofClasses),
    };
  });
  let total = 0;
  for (const loss of losses) total += loss;
  return { loss: total / batch.count, ...gradients };
}
