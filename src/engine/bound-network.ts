// The low-level API, for people who build their own algorithm. It takes and gives arrays [n, c, h, w] and checks all of them;
// inside, the image axis is the innermost one.

import type { Arena } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import { type Buffer, type Floats, type OptionalBuffer, required } from "../backend/buffer.ts";
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
import { laneCount } from "../nn/network.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { checkSeed, randomKey } from "../numeric/random.ts";
import { atOnce } from "../platform/parts.ts";
import { checkLayer, featureGradients, features } from "./features.ts";
import { checkDirections, hessianProducts } from "./hessian-products.ts";
import { inputChecks, labelledImages } from "./input-checks.ts";
import { LabelledPass } from "./labelled-pass.ts";
import type {
  Chance,
  FeatureGradients,
  FeaturesInput,
  Gradients,
  HessianVectorProduct,
  HessianVectorProductsInput,
  LabelledImages,
  MetaGradient,
  MetaGradientOptions,
} from "./passes.ts";
import { type Binding, type CheckedBatch, loadColumns, loadTargets, readColumns, store } from "./staging.ts";
import { checkFloats, checkImages, checkNumbers, checkTargets } from "./validate.ts";

/** A model on an engine. Results are Float32Array, or Float64Array on the reference backend. */
export class BoundNetwork {
  readonly model: Model;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #features: number;
  readonly #loss: Loss;
  readonly #binding: Binding;

  /** Use `engine.bind(model)`. */
  constructor(model: Model, backend: Backend, arena: Arena, loss: Loss) {
    this.model = model;
    this.#backend = backend;
    this.#arena = arena;
    this.#features = elements(model.inputShape);
    this.#loss = loss;
    this.#binding = { model, backend, arena, loss };
  }

  /** Computes logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError naming the argument. */
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

  /** Computes the mean loss and all its first derivatives. Throws TypeError and RangeError naming the argument. */
  async gradients(input: { parameters: Floats } & LabelledImages & Chance): Promise<Gradients> {
    checkInput(input);
    const theta = checkFloats("parameters", input.parameters, this.model.parameterCount);
    const batch = this.#check("", input);
    const random = dropoutKey(input);
    const { losses, ...gradients } = await this.#reads(() => {
      const pass = new LabelledPass(this.#binding, batch);
      const { network, tape, dTheta } = pass;
      pass.run(this.#store(theta), random);
      return {
        losses: this.#backend.read(tape.losses, batch.count),
        logits: this.#readColumns(tape.logits, this.model.classes, batch.count, network.lanes),
        parameters: this.#backend.read(dTheta, this.model.parameterCount),
        images: this.#readColumns(tape.dImages, this.#features, batch.count, network.lanes),
        targets: this.#readColumns(tape.dTargets, this.model.classes, batch.count, network.lanes),
      };
    });
    let total = 0;
    for (const loss of losses) total += loss;
    return { loss: total / batch.count, ...gradients };
  }

  /**
   * Computes products of the Hessian of the mean loss with a vector v in weight space, by Pearlmutter's R operator: one forward
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
    const [product] = await hessianProducts(this.#binding, batch, [{ parameters, vector }], dropoutKey(input));
    return product!;
  }

  /**
   * Computes such products with several vectors over one batch, in the order of `vectors`, either all at one θ or each at a θ
   * of its own. Vectors in a row that share a θ share one forward and one backward pass. The bits are those of single calls.
   *
   * @throws TypeError and RangeError that name the argument.
   * @example
   * const [g, h] = await net.hessianVectorProducts({ parameters, vectors: [v, w], images, targets });
   */
  async hessianVectorProducts(input: HessianVectorProductsInput): Promise<HessianVectorProduct[]> {
    checkInput(input);
    const directions = checkDirections(input.parameters, input.vectors, this.model.parameterCount);
    return hessianProducts(this.#binding, this.#check("", input), directions, dropoutKey(input));
  }

  /**
   * Computes the output of a layer, [n, …] with the shape `model.shapes[layer + 1]`. Nothing is dropped, as in evaluation.
   * Without `layer` it is what the last linear layer reads.
   *
   * @throws TypeError and RangeError that name the argument.
   * @example
   * const { features } = await net.features({ parameters, images }); // of lenet(): [n, 84]
   */
  async features(input: FeaturesInput): Promise<{ features: Floats }> {
    checkInput(input);
    const given = this.#checkImages(input);
    return { features: await features(this.#binding, checkLayer(this.model, input.layer), given) };
  }

  /**
   * Computes (∂features/∂images)ᵀ·cotangents and (∂features/∂θ)ᵀ·cotangents for `cotangents` [n, …] of the features' shape, as
   * `torch.autograd.grad(features, inputs, cotangents)` does.
   *
   * @throws TypeError and RangeError that name the argument.
   * @example
   * // ½ Σ (features − wanted)² and its gradient by the images
   * const { features } = await net.features({ parameters, images });
   * const cotangents = axpy(-1, wanted, features);
   * const { images: gradient } = await net.featureGradients({ parameters, images, cotangents });
   */
  async featureGradients(input: FeaturesInput & { cotangents: Floats }): Promise<FeatureGradients> {
    checkInput(input);
    const given = this.#checkImages(input);
    const upTo = checkLayer(this.model, input.layer);
    const cotangents = checkFloats("cotangents", input.cotangents, given.count * upTo.classes);
    return featureGradients(this.#binding, upTo, { ...given, cotangents });
  }

  /**
   * Computes the outer loss after training on `steps` for `epochs`, and its derivatives with respect to all that decided it
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
      atOnce(method.run(this.#store(learningRates), outerLoss, random));
      const lanes = laneCount(model, imagesPerStep, this.#backend.plan);
      const perBlock = (buffer: OptionalBuffer, stride: number, features: number): Promise<Floats[]> => {
        const first = required(buffer, "a gradient that is read");
        return Promise.all(blocks.map((_, s) => this.#readColumns(first + s * stride, features, imagesPerStep, lanes)));
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

  /** Returns what `record` reads, in a scope of its own. All of it is recorded before any of it is awaited. */
  async #reads<T extends Record<string, unknown>>(record: () => { [Key in keyof T]: Promise<T[Key]> }): Promise<T> {
    const reads = this.#arena.scope(record);
    const values = await Promise.all(Object.values(reads));
    return Object.fromEntries(Object.keys(reads).map((key, i) => [key, values[i]])) as T;
  }

  #checkImages(input: { parameters: Floats; images: Floats }): { parameters: Floats; images: Floats; count: number } {
    const parameters = checkFloats("parameters", input.parameters, this.model.parameterCount);
    return { parameters, ...checkImages("images", input.images, this.#features) };
  }

  #check(prefix: string, input: LabelledImages): CheckedBatch {
    const { images, count } = checkImages(`${prefix}images`, input.images, this.#features);
    return { images, count, ...checkTargets(`${prefix}targets`, input.targets, count, this.model.classes) };
  }

  /** Returns a batch whose rows are the user's arrays. */
  #rows({ count, hard, images, targets }: CheckedBatch): Batch {
    const width = hard ? 1 : this.model.classes;
    return {
      count,
      hard,
      imagesInto: (out, from) => out.set(images.subarray(from * this.#features, from * this.#features + out.length)),
      targetsInto: (out, from) => out.set(targets.subarray(from * width, from * width + out.length)),
    };
  }

  /** Brings a batch into the layout of the kernels. */
  #load(batch: CheckedBatch, images: Buffer, targets: Buffer): void {
    const lanes = laneCount(this.model, batch.count, this.#backend.plan);
    const columns = { features: this.#features, images: batch.count, lanes };
    loadColumns(this.#binding, images, batch.images, columns);
    loadTargets(this.#binding, targets, batch, lanes);
  }

  /** Reads values [features, lanes] as rows [count, features]. */
  #readColumns(source: OptionalBuffer, features: number, count: number, lanes: number): Promise<Floats> {
    return readColumns(this.#binding, source, { features, images: count, lanes });
  }

  #store(values: ArrayLike<number>): Buffer {
    return store(this.#binding, values);
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
