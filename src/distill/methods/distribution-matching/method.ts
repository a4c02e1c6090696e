// Distribution matching (Zhao, Bilen, WACV 2023; docs/math.md §7): in each random network the mean features of the set's
// images of a class are to be those of real ones,
//
//   L = Σ_c ‖m_c − r_c‖²      m_c = (1/n) Σ_i φ(x_ci)      r_c = the same over real images of class c
//
// with φ the input of the last linear layer. With all means as columns of M and R, [D, K], and Y [K, images] the one-hot
// labels, M = Φ·Yᵀ/n and ∂L/∂Φ = (2/n)(M − R)·Y; from there the backward pass goes to the pixels. With `augment` each x is
// x′ = A_c·x + b_c, real or not, with an augmentation that is drawn for class c (docs/math.md §8), and the gradient goes on through
// A_cᵀ.

import { type Buffer, type Floats, none, nowhere, required } from "../../../backend/buffer.ts";
import type { AugmentedImages } from "../../../inner/augmented-images.ts";
import type { Network } from "../../../nn/network.ts";
import type { Tape } from "../../../nn/tape.ts";
import type { Parts } from "../../../platform/parts.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import type { ClassMeans } from "../../class-images.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import type { DistributionMatchingMethod } from "./options.ts";

type Context = MethodContext<DistributionMatchingMethod>;

export const distributionMatchingMethod: Method<DistributionMatchingMethod, MatchingRun> = {
  name: "distribution-matching",
  allocate: (context) => new MatchingRun(context),
  network: (context, run) => new MatchingNetwork(context, run),
};

/** The images are one block, class by class. */
class MatchingRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly synthetic: SyntheticImages;
  /** The class of each image. */
  readonly labels: readonly number[];
  readonly #context: Context;

  constructor(context: Context) {
    const { imagesPerClass } = context.options;
    const { classes } = context.problem.model;
    this.#context = context;
    this.labels = classByClass(imagesPerClass, classes);
    this.synthetic = context.tools.synthetic({ steps: 1, imagesPerStep: this.labels.length });
    this.learned = [this.synthetic.images];
  }

  start(staging: Buffer): void {
    const { options, tools } = this.#context;
    if (options.init === "noise") this.synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.synthetic.fillImages(staging, (host) => tools.realOfClassesInto(host, options.imagesPerClass));
    this.synthetic.startLabels(staging, () => this.labels);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem } = this.#context;
    const targets = this.synthetic.oneHot(() => this.labels);
    return blockSet(problem.model, rows.get("images")!, targets, options.training);
  }
}

/** What augments the images of the set, the augmented ones, and the gradient of those that are not. */
interface Augmented {
  readonly by: AugmentedImages;
  readonly images: Buffer;
  readonly gradient: Buffer;
}

class MatchingNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: MatchingRun;
  readonly #network: Network;
  readonly #tape: Tape;
  readonly #augmented: Augmented | undefined;
  readonly #real: ClassMeans;
  readonly #theta: Buffer;
  /** M and then M − R; and R. Both are [D, K]. */
  readonly #means: Buffer;
  readonly #realMeans: Buffer;

  constructor(context: Context, run: MatchingRun) {
    const { options, problem, memory, tools } = context;
    this.#context = context;
    this.#run = run;
    this.#network = tools.featureNetwork(run.labels.length, "to images");
    const wanted = { images: true, targets: false };
    const { images, imageFloats } = run.synthetic.blocks;
    const { augment = [] } = options;
    if (augment.length > 0) {
      this.#augmented = {
        by: tools.augmentedImages(augment, run.labels.length),
        images: memory.activations.allocate(imageFloats),
        gradient: memory.gradients.allocate(imageFloats),
      };
    }
    this.#tape = this.#network.tape(memory.activations, this.#augmented?.images ?? images, nowhere, wanted);
    this.#real = tools.classMeans(options.realPerClass, augment);
    this.#theta = tools.parameters();
    const floats = tools.features.classes * problem.model.classes;
    this.#means = memory.gradients.allocate(floats);
    this.#realMeans = memory.gradients.allocate(floats);
    const gradient = this.#augmented?.gradient ?? required(this.#tape.dImages, "the gradient of the images");
    this.share = { loss: memory.gradients.allocate(1), gradients: [gradient] };
  }

  *record(step: number, k: number): Parts {
    const { options, problem, backend, tools } = this.#context;
    const { imagesPerClass } = options;
    const { ops } = backend;
    const [theta, tape, means] = [this.#theta, this.#tape, this.#means];
    const { synthetic, labels } = this.#run;
    const { targets } = synthetic.blocks;
    const [features, { classes }] = [tools.features.classes, problem.model];
    const shape = { inFeatures: classes, outFeatures: features, lanes: this.#network.lanes };
    tools.weights(theta, step, k);
    const key = this.#augmented && tools.key("augment", step, k);
    yield* this.#real.record(theta, (c) => tools.key("real", step, c), this.#realMeans, key);
    const drawn = key && this.#augmented!.by.draw(key, { count: labels.length, groupOf: (i) => labels[i]! });
    drawn?.forward(tape.images, synthetic.blocks.images);
    yield* this.#network.forwardParts(theta, tape, labels.length);
    ops.linearBackwardWeights(means, tape.logits, targets, shape, false);
    ops.scale(means, 1 / imagesPerClass, means, features * classes);
    ops.axpy(means, means, -1, this.#realMeans, features * classes);
    ops.dot(this.share.loss, means, means, features * classes);
    ops.scale(means, 2 / imagesPerClass, means, features * classes);
    ops.linearForward(tape.dLogits, targets, means, none, shape, false);
    yield* this.#network.backwardParts(theta, tape, none);
    drawn?.backward(this.#augmented!.gradient, required(tape.dImages, "the gradient of the images"));
  }
}
