// The engine as users see it, in place or in a worker. There are only interfaces here: their implementations need types of
// pages or of Node, without which a program that uses this package may be compiled.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Simd } from "../../backend/backend.ts";
import type { Floats } from "../../backend/buffer.ts";
import type { Gpu } from "../../backend/gpu.ts";
import type { BindOptions } from "../../engine/options.ts";
import type {
  Chance,
  FeatureGradients as FeatureGradientsIn,
  FeaturesInput,
  Gradients as GradientsIn,
  HessianVectorProduct as HessianVectorProductIn,
  HessianVectorProductsInput,
  LabelledImages,
  MetaGradient as MetaGradientIn,
  MetaGradientOptions,
} from "../../engine/passes.ts";
import type { AbortSignal } from "../../host-types.ts";
import type { Model } from "../../nn/model.ts";

/** The result of {@link BoundNetwork.gradients}: derivatives of the mean loss over the batch. */
export type Gradients<Values extends Floats = Float32Array> = GradientsIn<Values>;
/** The result of {@link BoundNetwork.hessianVectorProduct}. */
export type HessianVectorProduct<Values extends Floats = Float32Array> = HessianVectorProductIn<Values>;
/** The result of {@link BoundNetwork.featureGradients}. */
export type FeatureGradients<Values extends Floats = Float32Array> = FeatureGradientsIn<Values>;
/** The result of {@link BoundNetwork.metaGradient}: derivatives of the outer loss after the inner steps. */
export type MetaGradient<Values extends Floats = Float32Array> = MetaGradientIn<Values>;

/** A call that can be aborted. */
export interface Abortable {
  /**
   * Aborting rejects the call at once, with the signal's reason. A worker finishes its current work for the call and
   * discards it; `engine.dispose()` stops it.
   */
  readonly signal?: AbortSignal | undefined;
}

/** A model on an engine. Results are Float32Array, and Float64Array only on the reference backend. */
export interface BoundNetwork<Values extends Floats = Float32Array> {
  readonly model: Model;
  /** Computes logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError that name the argument. */
  forward(input: { parameters: Floats; images: Floats } & Abortable): Promise<{ logits: Values }>;
  /** Computes the mean loss and all its first derivatives. Throws TypeError and RangeError that name the argument. */
  gradients(input: { parameters: Floats } & LabelledImages & Chance & Abortable): Promise<Gradients<Values>>;
  /**
   * Computes products of the Hessian of the mean loss with a vector v in weight space (docs/math.md §2). Throws TypeError and
   * RangeError that name the argument.
   */
  hessianVectorProduct(
    input: { parameters: Floats; vector: Floats } & LabelledImages & Chance & Abortable,
  ): Promise<HessianVectorProduct<Values>>;
  /**
   * Computes such products with several vectors over one batch, in the order of `vectors`, either all at one θ or each at a θ
   * of its own. Vectors in a row that share a θ share one forward and one backward pass. The bits are those of single calls.
   *
   * @throws TypeError and RangeError that name the argument.
   * @example
   * const [g, h] = await net.hessianVectorProducts({ parameters, vectors: [v, w], images, targets });
   */
  hessianVectorProducts(input: HessianVectorProductsInput & Abortable): Promise<HessianVectorProduct<Values>[]>;
  /**
   * Computes the output of a layer, [n, …] with the shape `model.shapes[layer + 1]`. Nothing is dropped, as in evaluation.
   * Without `layer` it is what the last linear layer reads.
   *
   * @throws TypeError and RangeError that name the argument.
   * @example
   * const { features } = await net.features({ parameters, images }); // of lenet(): [n, 84]
   */
  features(input: FeaturesInput & Abortable): Promise<{ features: Values }>;
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
  featureGradients(input: FeaturesInput & { cotangents: Floats } & Abortable): Promise<FeatureGradients<Values>>;
  /**
   * Computes the outer loss after training on `steps` for `epochs`, and its derivatives by everything that decided it
   * (docs/math.md §2). Throws TypeError and RangeError that name the argument.
   */
  metaGradient(options: MetaGradientOptions & Abortable): Promise<MetaGradient<Values>>;
}

/** Runs networks. Dispose it when done: `await using engine = await createEngine()`. */
export interface Engine<Values extends Floats = Float32Array> extends AsyncDisposable {
  readonly backend: { readonly name: string };
  /** Kernel threads in use. */
  readonly threads: number;
  /** Which SIMD instructions the kernels use; `none` on the reference backend. */
  readonly simd: Simd | "none";
  /** The GPU that computes, if one does. */
  readonly gpu?: Gpu | undefined;
  /**
   * Binds a model to this engine, with the loss whose gradients the network computes: "cross-entropy" (default) or
   * "mse".
   *
   * @throws TypeError or RangeError for an invalid model, or another loss.
   */
  bind(model: Model, options?: BindOptions): Promise<BoundNetwork<Values>>;
  /** Stops threads and workers and releases the memory; calls without an answer reject. */
  dispose(): Promise<void>;
}
