// The low-level API: what people call who build their own algorithm. Arrays in, arrays out, everything checked;
// [n, c, h, w] outside, batch innermost inside.

import type { Arena } from "../backend/arena.ts";
import { type Backend, type Buffer, type Floats, type OptionalBuffer, required, write } from "../backend/backend.ts";
import { wholeNumber } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { allIn } from "../inner/allocators.ts";
import { BackGradient, type OuterLoss } from "../inner/back-gradient.ts";
import type { Batch } from "../inner/batch.ts";
import { innerOptimizer } from "../inner/inner-optimizer.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { checkTrajectoryMemory } from "../inner/segments.ts";
import { allocateBlocks } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes, Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { checkSeed, randomKey } from "../numeric/random.ts";
import { inputChecks, labelledImages } from "./input-checks.ts";
import type {
  Chance,
  Gradients,
  HessianVectorProduct,
  LabelledImages,
  MetaGradient,
  MetaGradientOptions,
} from "./passes.ts";
import { checkFloats, checkImages, checkNumbers, checkTargets } from "./validate.ts";

interface Checked extends LabelledImages {
  readonly count: number;
  readonly hard: boolean;
}

/** A model on an engine. Results are Float32Array, or Float64Array on the reference backend. */
export class BoundNetwork {
  readonly model: Model;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #features: number;
  readonly #loss: Loss;

  /** Use `engine.bind(model)`. */
  constructor(model: Model, backend: Backend, arena: Arena, loss: Loss) {
    this.model = model;
    this.#backend = backend;
    this.#arena = arena;
    this.#features = elements(model.inputShape);
    this.#loss = loss;
  }

  /** Logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError naming the argument. */
  async forward(input: { parameters: Floats; images: Floats }): Promise<{ logits: Floats }> {
    checkInput(input);
    const theta = checkFloats("parameters", input.parameters, this.model.parameterCount);
    const checked = checkImages("images", input.images, this.#features);
    const logits = await this.#arena.scope(() => {
      const batch = new RealBatch(this.model, this.#backend, this.#arena, checked.count);
      return batch.logits(this.#store(theta), checked.images, checked.count);
    });
    return { logits };
  }

  /** The mean loss and all its first derivatives. Throws TypeError and RangeError naming the argument. */
  async gradients(input: { parameters: Floats } & LabelledImages & Chance): Promise<Gradients> {
    checkInput(input);
    const theta = checkFloats("parameters", input.parameters, this.model.parameterCount);
    const batch = this.#check("", input);
    const random = dropoutKey(input);
    const { losses, ...gradients } = await this.#reads(() => {
      const { network, tape, dTheta } = this.#firstOrder(this.#store(theta), batch, random);
      return {
        losses: this.#backend.read(tape.losses, batch.count),
        logits: this.#readColumns(tape.logits, this.model.classes, batch.count, network.batch),
        parameters: this.#backend.read(dTheta, this.model.parameterCount),
        images: this.#readColumns(tape.dImages, this.#features, batch.count, network.batch),
        targets: this.#readColumns(tape.dTargets, this.model.classes, batch.count, network.batch),
      };
    });
    let total = 0;
    for (const loss of losses) total += loss;
    return { loss: total / batch.count, ...gradients };
  }

  /**
   * Products of the Hessian of the mean loss with a vector v in weight space, by Pearlmutter's R operator: one forward
   * and one backward pass of tangents (docs/math.md §2). Throws TypeError and RangeError naming the argument.
   */
  async hessianVectorProduct(
    input: { parameters: Floats; vector: Floats } & LabelledImages & Chance,
  ): Promise<HessianVectorProduct> {
    checkInput(input);
    const count = this.model.parameterCount;
    const parameters = checkFloats("parameters", input.parameters, count);
    const vector = checkFloats("vector", input.vector, count);
    const batch = this.#check("", input);
    const random = dropoutKey(input);
    return this.#reads(() => {
      const theta = this.#store(parameters);
      const v = this.#store(vector);
      const { network, tape } = this.#firstOrder(theta, batch, random);
      const tangent = network.tangent(this.#arena, { images: true, targets: true });
      const product = this.#arena.allocate(count);
      network.forwardR(theta, v, tape, tangent, batch.count);
      network.backwardR(theta, v, tape, tangent, product);
      return {
        parameters: this.#backend.read(product, count),
        images: this.#readColumns(tangent.dImages, this.#features, batch.count, network.batch),
        targets: this.#readColumns(tangent.dTargets, this.model.classes, batch.count, network.batch),
      };
    });
  }

  /**
   * The outer loss after training on `steps` for `epochs`, and its derivatives by everything that decided it
   * (docs/math.md §2). Throws TypeError and RangeError naming the argument.
   */
  async metaGradient(options: MetaGradientOptions): Promise<MetaGradient> {
    checkInput(options);
    const { model } = this;
    const { epochs = 1, memory = "store", steps } = options;
    wholeNumber("epochs", epochs, 1);
    checkTrajectoryMemory("memory", memory);
    if (!Array.isArray(steps)) throw wrongKind("steps", "an array of at least one block", steps);
    if (steps.length === 0) throw outOfRange("steps", "an array of at least one block", 0);
    for (const [s, block] of steps.entries()) checkOptions(block, labelledImages, `steps[${s}]`, `steps[${s}].`);
    checkOptions(options.real, labelledImages, "real", "real.");
    const parameters = checkFloats("parameters", options.parameters, model.parameterCount);
    const blocks = options.steps.map((block, s) => this.#check(`steps[${s}].`, block));
    const imagesPerStep = blocks[0]!.count;
    const odd = blocks.findIndex(({ count }) => count !== imagesPerStep);
    if (odd > 0) {
      throw new RangeError(
        `"steps[${odd}].images" expected ${imagesPerStep} images as in block 0, got ${blocks[odd]!.count}`,
      );
    }
    const length = blocks.length * epochs;
    const learningRates = checkNumbers("learningRates", options.learningRates, length);
    const optimizer = innerOptimizer(options);
    const real = this.#check("real.", options.real);
    const random = dropoutKey(options);
    const { loss, ...gradients } = await this.#reads(() => {
      const loop = { model, steps: blocks.length, epochs, imagesPerStep, loss: this.#loss, ...optimizer };
      const synthetic = allocateBlocks(loop, this.#backend.plan, this.#arena);
      blocks.forEach((block, s) => {
        const images = synthetic.images + s * synthetic.imageFloats;
        this.#load(block, images, synthetic.targets + s * synthetic.targetFloats);
      });
      const method = new BackGradient(loop, synthetic, this.#backend, allIn(this.#arena), {
        memory,
        wanted: { images: true, targets: true },
        initial: true,
      });
      const outer = new RealBatch(model, this.#backend, this.#arena, real.count, this.#loss);
      write(this.#backend, method.unroll.theta(0), parameters);
      const realBatch = this.#rows(real);
      const meanLoss = this.#arena.allocate(1);
      const outerLoss: OuterLoss = (theta, gradient) => outer.loss(theta, realBatch, gradient, meanLoss);
      method.run(this.#store(learningRates), outerLoss, random);
      const batch = lanes(model, imagesPerStep, this.#backend.plan);
      const perBlock = (buffer: OptionalBuffer, stride: number, features: number): Promise<Floats[]> => {
        const first = required(buffer, "a gradient that is read");
        return Promise.all(blocks.map((_, s) => this.#readColumns(first + s * stride, features, imagesPerStep, batch)));
      };
      return {
        loss: this.#backend.read(meanLoss, 1),
        images: perBlock(method.dImages, synthetic.imageFloats, this.#features),
        targets: perBlock(method.dTargets, synthetic.targetFloats, model.classes),
        learningRates: this.#backend.read(method.dLearningRates, length),
        parameters: this.#backend.read(method.unroll.theta(length), model.parameterCount),
        initial: this.#backend.read(method.lambda, model.parameterCount),
      };
    });
    return { loss: loss[0]!, ...gradients };
  }

  /** What `record` reads, in a scope of its own: all of it is recorded before any of it is awaited. */
  async #reads<T extends Record<string, unknown>>(record: () => { [Key in keyof T]: Promise<T[Key]> }): Promise<T> {
    const reads = this.#arena.scope(record);
    const values = await Promise.all(Object.values(reads));
    return Object.fromEntries(Object.keys(reads).map((key, i) => [key, values[i]])) as T;
  }

  #check(prefix: string, input: LabelledImages): Checked {
    const { images, count } = checkImages(`${prefix}images`, input.images, this.#features);
    return { images, count, ...checkTargets(`${prefix}targets`, input.targets, count, this.model.classes) };
  }

  /** A batch whose rows are the user's arrays. */
  #rows({ count, hard, images, targets }: Checked): Batch {
    const width = hard ? 1 : this.model.classes;
    return {
      count,
      hard,
      imagesInto: (out, from) => out.set(images.subarray(from * this.#features, from * this.#features + out.length)),
      targetsInto: (out, from) => out.set(targets.subarray(from * width, from * width + out.length)),
    };
  }

  /** Forward, loss and backward with room for every gradient. */
  #firstOrder(
    theta: Buffer,
    batch: Checked,
    random: RandomKey | undefined,
  ): { network: Network; tape: Tape; dTheta: Buffer } {
    const padded = lanes(this.model, batch.count, this.#backend.plan);
    const network = new Network(this.model, this.#backend, padded, this.#arena, this.#loss);
    const images = this.#arena.allocate(this.#features * network.batch);
    const targets = this.#arena.allocate(this.model.classes * network.batch);
    const tape = network.tape(this.#arena, images, targets, { images: true, targets: true });
    const dTheta = this.#arena.allocate(this.model.parameterCount);
    this.#load(batch, images, targets);
    network.forward(theta, tape, batch.count, random);
    network.loss(tape, batch.count);
    network.backward(theta, tape, dTheta);
    return { network, tape, dTheta };
  }

  /** Brings a batch into the layout of the kernels. */
  #load(batch: Checked, images: Buffer, targets: Buffer): void {
    const { ops, plan } = this.#backend;
    const { classes } = this.model;
    const shape = { images: batch.count, batch: lanes(this.model, batch.count, plan) };
    this.#arena.scope(() => {
      ops.packImages(images, this.#store(batch.images), { features: this.#features, ...shape });
      const staged = this.#store(batch.targets);
      if (batch.hard) ops.oneHot(targets, staged, { classes, ...shape });
      else ops.packImages(targets, staged, { features: classes, ...shape });
    });
  }

  /** Values [features, batch] as rows [count, features]. */
  #readColumns(source: OptionalBuffer, features: number, count: number, batch: number): Promise<Floats> {
    const columns = required(source, "a gradient that is read");
    return this.#arena.scope(() => {
      const rows = this.#arena.allocate(features * count);
      this.#backend.ops.unpackImages(rows, columns, { features, images: count, batch });
      return this.#backend.read(rows, features * count);
    });
  }

  #store(values: ArrayLike<number>): Buffer {
    const buffer = this.#arena.allocate(values.length);
    write(this.#backend, buffer, values);
    return buffer;
  }
}

/** Throws TypeError and RangeError naming the argument, and the reason of a signal that has aborted. */
function checkInput(input: object): void {
  checkOptions(input, inputChecks, "input");
  (input as { readonly signal?: AbortSignal }).signal?.throwIfAborted();
}

/** The streams of a call's dropout masks. Inner step 0 of a meta-gradient has those of a single gradient. */
function dropoutKey({ dropoutSeed }: Chance): RandomKey | undefined {
  return dropoutSeed === undefined ? undefined : randomKey(checkSeed(dropoutSeed, "dropoutSeed"), "dropout");
}
