// Gradient matching (Zhao, Mopuri, Bilen, *Dataset Condensation with Gradient Matching*, ICLR 2021, Algorithm 1; docs/math.md §11): for
// each class, the gradient g that the set's images give a network is to have the direction of the gradient G that real images give it,
//
//   L = Σ_c Σ_layers Σ_rows 1 − g·G / (‖g‖·‖G‖)            ∂L/∂x_c = H_xθ·v,  v = ∂L/∂g
//
// over the rows of each weight, which lead to one output; biases and the parameters of norms are left out. The tangent pass along
// v gives the products. With `augment` the images of a class are augmented alike, real or not (Zhao, Bilen, ICML 2021; §8).
import { type Buffer, type Floats, none, required } from "../../../backend/buffer.ts";
import { SubBatches } from "../../../inner/sub-batches.ts";
import type { Network } from "../../../nn/network.ts";
import type { Tangent, Tape } from "../../../nn/tape.ts";
import type { Parts } from "../../../platform/parts.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import type { ClassGradients } from "../../class-gradients.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import type { Tensor } from "../../tensor.ts";
import { MatchedNetworks } from "./networks.ts";
import { type GradientMatchingMethod, trainingOf } from "./options.ts";

type Context = MethodContext<GradientMatchingMethod>;

export const gradientMatchingMethod: Method<GradientMatchingMethod, MatchingRun> = {
  name: "gradient-matching",
  allocate: (context) => new MatchingRun(context),
  network: (context, run) => new MatchingNetwork(context, run),
};

/** The images are one block, class by class. */
class MatchingRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly Tensor[];
  readonly synthetic: SyntheticImages;
  readonly networks: MatchedNetworks;
  /** The class of each image. */
  readonly #labels: readonly number[];
  readonly #context: Context;

  constructor(context: Context) {
    const { imagesPerClass } = context.options;
    const { classes } = context.problem.model;
    this.#context = context;
    this.#labels = classByClass(imagesPerClass, classes);
    this.synthetic = context.tools.synthetic({ steps: 1, imagesPerStep: this.#labels.length });
    this.networks = new MatchedNetworks(context, this.synthetic);
    this.learned = [this.synthetic.images];
    this.carried = [this.networks.tensor];
  }

  start(staging: Buffer): void {
    const { options, tools } = this.#context;
    if (options.init === "noise") this.synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.synthetic.fillImages(staging, (host) => tools.realOfClassesInto(host, options.imagesPerClass));
    this.synthetic.startLabels(staging, () => this.#labels);
    this.networks.start();
  }

  after(step: number): Parts {
    return this.networks.after(step);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem } = this.#context;
    const targets = this.synthetic.oneHot(() => this.#labels);
    return blockSet(problem.model, rows.get("images")!, targets, trainingOf(options));
  }
}

class MatchingNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: MatchingRun;
  /** The images of one class after the other, augmented if they are. */
  readonly #ofClass: SubBatches;
  readonly #network: Network;
  readonly #tape: Tape;
  readonly #tangent: Tangent;
  readonly #real: ClassGradients;
  /** G; and g, and then v in its place. */
  readonly #wanted: Buffer;
  readonly #direction: Buffer;
  /** The distances of the rows of a weight. */
  readonly #distances: Buffer;
  readonly #dImages: Buffer;

  constructor(context: Context, run: MatchingRun) {
    const { options, problem, backend, memory, tools } = context;
    const { imagesPerClass, augment = [] } = options;
    const { model } = problem;
    const { blocks, images } = run.synthetic;
    this.#context = context;
    this.#run = run;
    const counts = { images: images.packing!.images, batch: imagesPerClass, steps: model.classes, augment };
    this.#ofClass = new SubBatches(blocks, counts, model, backend, memory);
    this.#network = tools.network(imagesPerClass);
    const { images: used, targets } = this.#ofClass;
    this.#tape = this.#network.tape(memory.activations, used, targets, { images: false, targets: false });
    this.#tangent = this.#network.tangent(memory.scratch, { images: true, targets: false });
    this.#real = tools.classGradients(options.realPerClass, augment);
    this.#wanted = tools.parameters();
    this.#direction = tools.parameters();
    this.#distances = memory.scratch.allocate(Math.max(1, ...model.parameters.map(({ shape }) => shape[0]!)));
    this.#dImages = memory.gradients.allocate(images.floats);
    this.share = { loss: memory.gradients.allocate(1), gradients: [this.#dImages] };
  }

  *record(step: number, k: number): Parts {
    const { options, problem, backend, tools } = this.#context;
    const { imagesPerClass } = options;
    const { ops } = backend;
    const { classes } = problem.model;
    const theta = this.#run.networks.theta(k);
    const index = step * problem.networksPerStep + k;
    ops.fill(this.share.loss, 0, 1);
    ops.fill(this.#dImages, 0, this.#run.synthetic.images.floats);
    // The same for the real images as for the set's.
    const augmentation = (c: number) => ({ key: tools.key("augment", index, c), groupOf: () => 0 });
    this.#ofClass.draw(classes, {
      places: (c) => Array.from({ length: imagesPerClass }, (_, i) => c * imagesPerClass + i),
      augmentation,
    });
    for (let c = 0; c < classes; c++) {
      yield* this.#real.record(theta, c, tools.key("real", index, c), this.#wanted, augmentation(c));
      this.#ofClass.choose(c);
      yield* this.#match(theta);
    }
  }

  /** Adds the distance of the chosen class to the loss, and its gradient to that of the images. */
  *#match(theta: Buffer): Parts {
    const { imagesPerClass } = this.#context.options;
    const [network, tape, tangent, direction] = [this.#network, this.#tape, this.#tangent, this.#direction];
    yield* network.forwardParts(theta, tape, imagesPerClass);
    network.loss(tape, imagesPerClass);
    yield* network.backwardParts(theta, tape, direction);
    this.#distance();
    yield* network.forwardRParts(theta, direction, tape, tangent, imagesPerClass);
    yield* network.backwardRParts(theta, direction, tape, tangent, none);
    const images = required(tangent.dImages, "the gradient of the images");
    this.#ofClass.add({ images: this.#dImages, targets: none }, { images, targets: none });
    yield;
  }

  /** Adds the distance of g and G to the loss, and puts its gradient v in the place of g. */
  #distance(): void {
    const { ops } = this.#context.backend;
    for (const { offset, size, shape } of this.#context.problem.model.parameters) {
      const [own, wanted] = [this.#direction + offset, this.#wanted + offset];
      if (shape.length < 2) {
        ops.fill(own, 0, size);
        continue;
      }
      const rows = shape[0]!;
      ops.cosineDistance(this.#distances, own, own, wanted, rows, size / rows);
      ops.sum(this.share.loss, this.#distances, rows, true);
    }
  }
}
