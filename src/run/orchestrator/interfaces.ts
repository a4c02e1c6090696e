// The engine as users see it, wherever it runs. Interfaces alone: what implements them needs types of a page or of Node,
// which a program that uses this package may be compiled without.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Floats, Simd } from "../../backend/backend.ts";
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

/** Result of {@link BoundNetwork.gradients}: of the mean loss over the batch. */
export type Gradients<Values extends Floats = Float32Array> = GradientsIn<Values>;
/** Result of {@link BoundNetwork.hessianVectorProduct}. */
export type HessianVectorProduct<Values extends Floats = Float32Array> = HessianVectorProductIn<Values>;
/** Result of {@link BoundNetwork.featureGradients}. */
export type FeatureGradients<Values extends Floats = Float32Array> = FeatureGradientsIn<Values>;
/** Result of {@link BoundNetwork.metaGradient}: of the outer loss after the inner steps. */
export type MetaGradient<Values extends Floats = Float32Array> = MetaGradientIn<Values>;

/** A call that can be given up. */
export interface Abortable {
  /**
   * Aborting rejects the call at once, with the signal's reason. What a worker has in hand for it is finished there all
   * the same, and thrown away; `engine.dispose()` stops it.
   */
  readonly signal?: AbortSignal | undefined;
}

/** A model on an engine. Results are Float32Array, and Float64Array on the reference backend alone. */
export interface BoundNetwork<Values extends Floats = Float32Array> {
  readonly model: Model;
  /** Logits [n, classes] of images [n, c, h, w]. Throws TypeError and RangeError naming the argument. */
  forward(input: { parameters: Floats; images: Floats } & Abortable): Promise<{ logits: Values }>;
  /** The mean loss and all its first derivatives. Throws TypeError and RangeError naming the argument. */
  gradients(input: { parameters: Floats } & LabelledImages & Chance & Abortable): Promise<Gradients<Values>>;
  /**
   * Products of the Hessian of the mean loss with a vector v in weight space (docs/math.md §2). Throws TypeError and
   * RangeError naming the argument.
   */
  hessianVectorProduct(
    input: { parameters: Floats; vector: Floats } & LabelledImages & Chance & Abortable,
  ): Promise<HessianVectorProduct<Values>>;
  /**
   * Such products with several vectors over one batch, in the order of `vectors`: at one θ, which then takes one forward and
   * one backward pass of the network for all of them, or each at a θ of its own. The bits are those of single calls.
   *
   * @throws TypeError and RangeError naming the argument.
   * @example
   * const [g, h] = await net.hessianVectorProducts({ parameters, vectors: [v, w], images, targets });
   */
  hessianVectorProducts(input: HessianVectorProductsInput & Abortable): Promise<HessianVectorProduct<Values>[]>;
  /**
   * The output of a layer, [n, …] as `model.shapes[layer + 1]` says, with nothing dropped, as in evaluation. Without `layer` it is
   * what the last linear layer reads.
   *
   * @throws TypeError and RangeError naming the argument.
   * @example
   * const { features } = await net.features({ parameters, images }); // of lenet(): [n, 84]
   */
  features(input: FeaturesInput & Abortable): Promise<{ features: Values }>;
  /**
   * What goes back from there: (∂features/∂images)ᵀ·cotangents and (∂features/∂θ)ᵀ·cotangents, for `cotangents` [n, …] of the
   * features' shape, as `torch.autograd.grad(features, inputs, cotangents)` gives them.
   *
   * @throws TypeError and RangeError naming the argument.
   * @example
   * // ½ Σ (features − wanted)² and its gradient by the images
   * const { features } = await net.features({ parameters, images });
   * const cotangents = axpy(-1, wanted, features);
   * const { images: gradient } = await net.featureGradients({ parameters, images, cotangents });
   */
  featureGradients(input: FeaturesInput & { cotangents: Floats } & Abortable): Promise<FeatureGradients<Values>>;
  /**
   * The outer loss after training on `steps` for `epochs`, and its derivatives by everything that decided it
   * (docs/math.md §2). Throws TypeError and RangeError naming the argument.
   */
  metaGradient(options: MetaGradientOptions & Abortable): Promise<MetaGradient<Values>>;
}

/** Runs networks. Dispose it when done: `await using engine = await createEngine()`. */
export interface Engine<Values extends Floats = Float32Array> extends AsyncDisposable {
  readonly backend: { readonly name: "wasm" | "reference" };
  /** Kernel threads in use. */
  readonly threads: number;
  /** Which SIMD instructions the kernels use; `none` on the reference backend. */
  readonly simd: Simd | "none";
  /**
   * A network of this model on this engine, with the loss that its gradients are of: "cross-entropy" (default) or
   * "mse".
   *
   * @throws TypeError or RangeError for no model, or another loss.
   */
  bind(model: Model, options?: BindOptions): Promise<BoundNetwork<Values>>;
  /** Stops threads and workers and gives up the memory; calls that have no answer yet reject. */
  dispose(): Promise<void>;
}
