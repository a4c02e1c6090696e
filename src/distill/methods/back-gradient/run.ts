// What back-gradient learns: the pixels of the blocks, the learning rates through softplus, and labels if they are
// learned (docs/math.md §1).
import type { Buffer, Floats } from "../../../backend/buffer.ts";
import type { Blocks, InnerLoop } from "../../../inner/unroll.ts";
import { rawLearningRate } from "../../learning-rates.ts";
import type { Learned, LearnedSet, MethodContext, MethodRun } from "../../method.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import { rowsOfSet } from "../../tensor-rows.ts";
import { initialLabels } from "./initial-labels.ts";
import type { BackGradientMethod } from "./options.ts";

export class BackGradientRun implements MethodRun {
  /** η = softplus(r), [T] */
  readonly learningRates: Buffer;
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly innerRate: number;
  readonly #context: MethodContext<BackGradientMethod>;
  readonly #loop: InnerLoop;
  readonly #synthetic: SyntheticImages;
  /** r, [T] */
  readonly #raw: Buffer;

  constructor(context: MethodContext<BackGradientMethod>, loop: InnerLoop) {
    const { options, memory, tools } = context;
    const length = loop.steps * loop.epochs;
    this.innerRate = options.learningRate;
    this.#context = context;
    this.#loop = loop;
    this.#synthetic = tools.synthetic(loop);
    this.#raw = memory.gradients.allocate(length);
    this.learningRates = memory.gradients.allocate(length);
    const rates: Learned = {
      ...{ name: "learningRates", called: "learning rates", value: this.#raw, floats: length },
      through: { f: "softplus", value: this.learningRates },
    };
    const { images, labels } = this.#synthetic;
    this.learned = options.labels === "learned" ? [images, rates, labels] : [images, rates];
  }

  get blocks(): Blocks {
    return this.#synthetic.blocks;
  }

  /** Starts pixels as N(0, initialNoise²) in normalised space, all learning rates at one value, and labels one-hot. */
  start(staging: Buffer): void {
    const { options, backend, tools } = this.#context;
    this.#synthetic.startNoise(staging, options.initialNoise, (s) => tools.key("pixels", s));
    this.#synthetic.startLabels(staging, (s) => this.#labelsOf(s));
    backend.ops.fill(this.#raw, rawLearningRate(options.learningRate), this.#loop.steps * this.#loop.epochs);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options } = this.#context;
    const { steps, epochs, imagesPerStep, model } = this.#loop;
    const [channels, height, width] = model.inputShape;
    const labels = rows.get("targets") ?? this.#synthetic.oneHot((s) => this.#labelsOf(s));
    return {
      ...{ steps, epochs, imagesPerStep, channels, height, width, classes: model.classes },
      images: rowsOfSet(rows.get("images")!),
      targets: new Float32Array(labels),
      learningRates: new Float32Array(rows.get("learningRates")!),
      ...(options.momentum > 0 && { momentum: options.momentum }),
      ...(options.weightDecay > 0 && { weightDecay: options.weightDecay }),
    };
  }

  /** Returns the classes that the images of block `s` begin with. */
  #labelsOf(s: number): readonly number[] {
    const { options, problem } = this.#context;
    return initialLabels(options, problem.model.classes, problem.seed, s);
  }
}
