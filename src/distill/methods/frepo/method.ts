// FRePo (Zhou, Nezhadarya, Ba, *Dataset Distillation using Neural Feature Regression*, NeurIPS 2022, Algorithm 1; docs/math.md §9):
// images and labels follow the gradient of the loss that kernel ridge regression on the features of a network has on real images,
// plus a margin that keeps labels decided; regression.ts has the formulas. The network comes from a pool that is trained on
// the set as it is learned (network-pool.ts).
import { type Buffer, type Floats, none, nowhere, required } from "../../../backend/buffer.ts";
import type { Network } from "../../../nn/network.ts";
import type { Tape } from "../../../nn/tape.ts";
import type { Parts } from "../../../platform/parts.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../../method.ts";
import type { RealRegression } from "../../real-regression.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import type { Tensor } from "../../tensor.ts";
import { NetworkPool } from "./network-pool.ts";
import { type FrepoMethod, trainingOf } from "./options.ts";
import { Regression } from "./regression.ts";

type Context = MethodContext<FrepoMethod>;

export const frepoMethod: Method<FrepoMethod, FrepoRun> = {
  name: "frepo",
  allocate: (context) => new FrepoRun(context),
  network: (context, run) => new FrepoNetwork(context, run),
};

/** The images are one block, class by class. */
class FrepoRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly Tensor[];
  readonly synthetic: SyntheticImages;
  readonly pool: NetworkPool;
  /** The class that each image begins with. */
  readonly #classes: readonly number[];
  readonly #context: Context;

  constructor(context: Context) {
    const { options, problem, tools } = context;
    const { imagesPerClass, learnLabels } = options;
    this.#context = context;
    this.#classes = classByClass(imagesPerClass, problem.model.classes);
    this.synthetic = tools.synthetic({ steps: 1, imagesPerStep: this.#classes.length });
    const { images, labels } = this.synthetic;
    this.learned = learnLabels ? [images, labels] : [images];
    this.pool = new NetworkPool(context, this.synthetic);
    this.carried = this.pool.tensors;
  }

  start(staging: Buffer): void {
    const { options, tools } = this.#context;
    if (options.init === "noise") this.synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.synthetic.fillImages(staging, (host) => tools.realOfClassesInto(host, options.imagesPerClass));
    this.synthetic.startTargets(staging, () => this.#initialLabels());
    this.pool.start();
  }

  after(step: number): Parts {
    return this.pool.age(step);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem } = this.#context;
    const targets = rows.get("targets") ?? this.#initialLabels();
    return blockSet(problem.model, rows.get("images")!, targets, trainingOf(options));
  }

  /** (one-hot − 1/K) / √(K/10), as FRePo's code has them, [n, K]. */
  #initialLabels(): Float32Array {
    const { classes } = this.#context.problem.model;
    const scale = 1 / Math.sqrt(classes / 10);
    const rows = new Float32Array(this.#classes.length * classes).fill(-scale / classes);
    for (const [i, label] of this.#classes.entries()) rows[i * classes + label] = scale * (1 - 1 / classes);
    return rows;
  }
}

class FrepoNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: FrepoRun;
  readonly #network: Network;
  readonly #tape: Tape;
  readonly #real: RealRegression;
  readonly #regression: Regression;
  /** −min(top − second, 1/K) of each label, and the gradient of their mean. */
  readonly #margins: Buffer;
  readonly #dMargins: Buffer;

  constructor(context: Context, run: FrepoRun) {
    const { options, problem, backend, memory, tools } = context;
    const { images } = run.synthetic.images.packing!;
    const { classes } = problem.model;
    this.#context = context;
    this.#run = run;
    this.#network = tools.featureNetwork(images, "to images");
    const { lanes } = this.#network;
    const wanted = { images: true, targets: false };
    this.#tape = this.#network.tape(memory.activations, run.synthetic.blocks.images, nowhere, wanted);
    this.#real = tools.regression();
    const sizes = { features: tools.features.classes, classes, images, lanes };
    this.#regression = new Regression(sizes, options.ridge, backend, memory);
    this.#margins = memory.scratch.allocate(lanes);
    this.#dMargins = memory.scratch.allocate(classes * lanes);
    const dImages = required(this.#tape.dImages, "the gradient of the images");
    const { dLabels } = this.#regression;
    this.share = {
      loss: memory.gradients.allocate(1),
      gradients: options.learnLabels ? [dImages, dLabels] : [dImages],
    };
  }

  *record(step: number, k: number): Parts {
    const { share } = this;
    const theta = this.#run.pool.theta(step, k);
    const { targets } = this.#run.synthetic.blocks;
    const { images } = this.#run.synthetic.images.packing!;
    yield* this.#network.forwardParts(theta, this.#tape, images);
    yield* this.#regression.record(
      this.#tape.logits,
      targets,
      (head, dHead, loss) => this.#real.loss(step, theta, head, dHead, loss),
      this.#tape.dLogits,
      share.loss,
    );
    if (this.#context.options.learnLabels) this.#margin(targets, images);
    yield* this.#network.backwardParts(theta, this.#tape, none);
  }

  /** Adds the mean margin of the labels to the loss, and its gradient to theirs. */
  #margin(targets: Buffer, images: number): void {
    const { ops } = this.#context.backend;
    const { classes } = this.#context.problem.model;
    const { lanes } = this.#network;
    const { dLabels } = this.#regression;
    ops.labelMargin(this.#margins, this.#dMargins, targets, 1 / classes, { classes, images, lanes });
    ops.scale(this.#margins, 1 / images, this.#margins, lanes);
    ops.sum(this.share.loss, this.#margins, images, true);
    ops.axpy(dLabels, dLabels, 1, this.#dMargins, classes * lanes);
  }
}
