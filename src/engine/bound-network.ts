// The low-level API, for people who build their own algorithm. It takes and gives arrays [n, c, h, w] and checks all of them;
// inside, the image axis is the innermost one.

import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Floats } from "../backend/buffer.ts";
import { wholeNumber } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { innerOptimizer } from "../inner/inner-optimizer.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { checkTrajectoryMemory } from "../inner/segments.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { checkSeed, randomKey } from "../numeric/random.ts";
import { checkLayer, featureGradients } from "./features.ts";
import { checkDirections, hessianProducts } from "./hessian-products.ts";
import { inputChecks, labelledImages } from "./input-checks.ts";
import { gradients } from "./labelled-pass.ts";
import { metaGradient } from "./meta-gradient.ts";
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
import { type Binding, type CheckedBatch, store } from "./staging.ts";
import { checkFloats, checkImages, checkNumbers, checkTargets } from "./validate.ts";

/** Does work on the backend that an engine has, and once more on another one where that takes its place. */
export type OnBackend = <T>(work: (backend: Backend, arena: Arena) => Promise<T>) => Promise<T>;

/** A model on an engine. Results are Float32Array, or Float64Array on the reference backend. */
export class BoundNetwork {
  readonly model: Model;
  readonly #features: number;
  readonly #loss: Loss;
  readonly #onBackend: OnBackend;

  /** Use `engine.bind(model)`. */
  constructor(model: Model, loss: Loss, onBackend: OnBackend) {
    this.model = model;
    this.#features = elements(model.inputShape);
    this.#loss = loss;
    this.#onBackend = onBackend;
  }

  /** Computes logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError naming the argument. */
  async forward(input: { parameters: Floats; images: Floats }): Promise<{ logits: Floats }> {
    checkInput(input);
    const theta = checkFloats("parameters", input.parameters, this.model.parameterCount);
    const checked = checkImages("images", input.images, this.#features);
    return this.#on(async (binding) => ({ logits: await logits(binding, { ...checked, parameters: theta }) }));
  }

  /** Computes the mean loss and all its first derivatives. Throws TypeError and RangeError naming the argument. */
  async gradients(input: { parameters: Floats } & LabelledImages & Chance): Promise<Gradients> {
    checkInput(input);
    const theta = checkFloats("parameters", input.parameters, this.model.parameterCount);
    const batch = this.#check("", input);
    const random = dropoutKey(input);
    return this.#on((binding) => gradients(binding, batch, theta, random));
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
    const random = dropoutKey(input);
    const [product] = await this.#on((binding) => hessianProducts(binding, batch, [{ parameters, vector }], random));
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
    const batch = this.#check("", input);
    const random = dropoutKey(input);
    return this.#on((binding) => hessianProducts(binding, batch, directions, random));
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
    const upTo = checkLayer(this.model, input.layer);
    return this.#on(async (binding) => ({ features: await logits({ ...binding, model: upTo }, given) }));
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
    return this.#on((binding) => featureGradients(binding, upTo, { ...given, cotangents }));
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
    const blocks = options.steps.map((block, s) => this.#check(`steps[${s}].`, block)) as [CheckedBatch];
    const { count } = blocks[0];
    const odd = blocks.findIndex((block) => block.count !== count);
    if (odd > 0) {
      throw new RangeError(`"steps[${odd}].images" expected ${count} images as in block 0, got ${blocks[odd]!.count}`);
    }
    const learningRates = checkNumbers("learningRates", options.learningRates, blocks.length * epochs);
    const optimizer = innerOptimizer(options);
    const real = this.#check("real.", options.real);
    const random = dropoutKey(options);
    const given = { parameters, blocks, epochs, learningRates, optimizer, real, memory, random };
    return this.#on((binding) => metaGradient(binding, given));
  }

  /** Does work on the engine as it is now. It may be done again, on another backend. */
  #on<T>(work: (binding: Binding) => Promise<T>): Promise<T> {
    const { model } = this;
    const loss = this.#loss;
    return this.#onBackend((backend, arena) => work({ model, backend, arena, loss }));
  }

  #checkImages(input: { parameters: Floats; images: Floats }): { parameters: Floats; images: Floats; count: number } {
    const parameters = checkFloats("parameters", input.parameters, this.model.parameterCount);
    return { parameters, ...checkImages("images", input.images, this.#features) };
  }

  #check(prefix: string, input: LabelledImages): CheckedBatch {
    const { images, count } = checkImages(`${prefix}images`, input.images, this.#features);
    return { images, count, ...checkTargets(`${prefix}targets`, input.targets, count, this.model.classes) };
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

/** Computes the logits of a model, or its last features, one chunk of images at a time. */
async function logits(
  binding: Binding,
  { parameters, images, count }: { parameters: Floats; images: Floats; count: number },
): Promise<Floats> {
  const { model, backend, arena } = binding;
  return arena.scope(() => {
    return new RealBatch(model, backend, arena, count).logits(store(binding, parameters), images, count);
  });
}
