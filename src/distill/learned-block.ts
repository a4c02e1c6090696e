// What methods learn that train networks on sub-batches of a set: the pixels of one block of images, class by class; and, if
// wanted, labels and the learning rate of inner steps, through softplus (docs/math.md §10, §13).
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Blocks } from "../inner/unroll.ts";
import { blockSet, classByClass } from "./class-block.ts";
import { rawLearningRate } from "./learning-rates.ts";
import type { Learned, LearnedSet, MethodContext, MethodRun } from "./method.ts";
import type { SyntheticImages } from "./synthetic.ts";
import type { FitTraining } from "./training.ts";

/** What the block is like, and what of it is learned. */
export interface LearnedBlockOptions {
  readonly imagesPerClass: number;
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). */
  readonly init: "real" | "noise";
  readonly labels: "fixed" | "learned";
  /** The outer step size of the labels. Default: that of the pixels. */
  readonly labelRate?: number | undefined;
  readonly rate: "fixed" | "learned";
  /** The outer step size of r, where η = softplus(r) is learned. Default: that of the pixels. */
  readonly rateStep?: number | undefined;
  /** The learning rate of inner steps, or where it starts. */
  readonly learningRate: number;
  /** Returns how networks train on the set, for the learning rate that was learned; undefined if it was not. */
  training(rate: number | undefined): FitTraining;
}

export class LearnedBlock implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly innerRate: number;
  /** η, one float. */
  readonly rate: Buffer;
  /** The number of images. */
  readonly images: number;
  readonly after?: (step: number) => void;
  readonly #context: MethodContext<unknown>;
  readonly #options: LearnedBlockOptions;
  readonly #synthetic: SyntheticImages;
  /** The class of each image. */
  readonly #labels: readonly number[];
  /** r with η = softplus(r), if the rate is learned. */
  readonly #raw: Buffer;

  constructor(context: MethodContext<unknown>, options: LearnedBlockOptions) {
    const { problem, backend, memory, tools } = context;
    const { imagesPerClass, labelRate, rateStep, learningRate } = options;
    const labelled = classByClass(imagesPerClass, problem.model.classes);
    this.innerRate = learningRate;
    this.images = labelled.length;
    this.#context = context;
    this.#options = options;
    this.#labels = labelled;
    this.#synthetic = tools.synthetic({ steps: 1, imagesPerStep: labelled.length });
    this.#raw = memory.gradients.allocate(1);
    this.rate = memory.gradients.allocate(1);
    const rate: Learned = {
      ...{ name: "learningRate", called: "learning rates", value: this.#raw, floats: 1, learningRate: rateStep },
      through: { f: "softplus", value: this.rate },
    };
    const { images, labels } = this.#synthetic;
    const learnsLabels = options.labels === "learned";
    this.learned = [
      images,
      ...(options.rate === "learned" ? [rate] : []),
      ...(learnsLabels ? [{ ...labels, learningRate: labelRate }] : []),
    ];
    // A target below 0 would ask a network to avoid a class more than any evidence can.
    if (learnsLabels) this.after = () => backend.ops.reluForward(labels.value, labels.value, labels.floats);
  }

  /** The images and their targets, one block. */
  get block(): Blocks {
    return this.#synthetic.blocks;
  }

  start(staging: Buffer): void {
    const { backend, tools } = this.#context;
    const { init, imagesPerClass, rate } = this.#options;
    if (init === "noise") this.#synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.#synthetic.fillImages(staging, (host) => tools.realOfClassesInto(host, imagesPerClass));
    this.#synthetic.startLabels(staging, () => this.#labels);
    if (rate === "learned") backend.ops.fill(this.#raw, rawLearningRate(this.innerRate), 1);
    else backend.ops.fill(this.rate, this.innerRate, 1);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { model } = this.#context.problem;
    const targets = rows.get("targets") ?? this.#synthetic.oneHot(() => this.#labels);
    const training = this.#options.training(rows.get("learningRate")?.[0]);
    return blockSet(model, rows.get("images")!, targets, training);
  }
}
