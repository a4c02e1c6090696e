// What windows learn: the pixels of one block of images, class by class; and, if wanted, labels and the learning rate of inner
// steps, through softplus (docs/math.md §10).
import type { Buffer, Floats } from "../../../backend/buffer.ts";
import type { Blocks } from "../../../inner/unroll.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import { rawLearningRate } from "../../learning-rates.ts";
import type { Learned, LearnedSet, MethodContext, MethodRun } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import { innerRate, type WindowsMethod } from "./options.ts";
import { trainingOf } from "./training.ts";

export class WindowsRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly innerRate: number;
  /** η, one float. */
  readonly rate: Buffer;
  /** The number of images. */
  readonly images: number;
  readonly after?: (step: number) => void;
  readonly #context: MethodContext<WindowsMethod>;
  readonly #synthetic: SyntheticImages;
  /** The class of each image. */
  readonly #labels: readonly number[];
  /** r with η = softplus(r), if the rate is learned. */
  readonly #raw: Buffer;

  constructor(context: MethodContext<WindowsMethod>) {
    const { options, problem, backend, memory, tools } = context;
    const { imagesPerClass } = options;
    const labelled = classByClass(imagesPerClass, problem.model.classes);
    this.innerRate = innerRate(options);
    this.images = labelled.length;
    this.#context = context;
    this.#labels = labelled;
    this.#synthetic = tools.synthetic({ steps: 1, imagesPerStep: labelled.length });
    this.#raw = memory.gradients.allocate(1);
    this.rate = memory.gradients.allocate(1);
    const rate: Learned = {
      ...{ name: "learningRate", called: "learning rates", value: this.#raw, floats: 1 },
      through: { f: "softplus", value: this.rate },
    };
    const { images, labels } = this.#synthetic;
    const learnsLabels = options.labels === "learned";
    this.learned = [
      images,
      ...(options.rate === "learned" ? [rate] : []),
      ...(learnsLabels ? [{ ...labels, learningRate: options.labelRate }] : []),
    ];
    // A target below 0 would ask a network to avoid a class more than any evidence can.
    if (learnsLabels) this.after = () => backend.ops.reluForward(labels.value, labels.value, labels.floats);
  }

  /** The images and their targets, one block. */
  get block(): Blocks {
    return this.#synthetic.blocks;
  }

  start(staging: Buffer): void {
    const { options, backend, tools } = this.#context;
    if (options.init === "noise") this.#synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.#synthetic.startImages(staging, () => tools.realOfClasses(options.imagesPerClass));
    this.#synthetic.startLabels(staging, () => this.#labels);
    if (options.rate === "learned") backend.ops.fill(this.#raw, rawLearningRate(this.innerRate), 1);
    else backend.ops.fill(this.rate, this.innerRate, 1);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem } = this.#context;
    const targets = rows.get("targets") ?? this.#synthetic.oneHot(() => this.#labels);
    const training = trainingOf(options, problem.model.classes, rows.get("learningRate")?.[0]);
    return blockSet(problem.model, rows.get("images")!, targets, training);
  }
}
