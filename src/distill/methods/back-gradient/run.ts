// What back-gradient learns: the pixels of the blocks, the learning rates through softplus, and labels where they are
// learned (docs/math.md §1).
import { type Backend, type Buffer, type Floats, write } from "../../../backend/backend.ts";
import { allocateBlocks, type Blocks, type InnerLoop } from "../../../inner/unroll.ts";
import { elements } from "../../../nn/layer.ts";
import { lanes } from "../../../nn/network.ts";
import { randomKey } from "../../../numeric/random.ts";
import type { BackGradientMethod } from "./options.ts";
import type { Learned, LearnedSet, MethodContext, MethodRun } from "../../method.ts";
import { initialLabels } from "./initial-labels.ts";
import { rawLearningRate } from "./learning-rates.ts";

export class BackGradientRun implements MethodRun {
  readonly blocks: Blocks;
  /** η = softplus(r), [T] */
  readonly learningRates: Buffer;
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly innerRate: number;
  readonly #context: MethodContext<BackGradientMethod>;
  readonly #loop: InnerLoop;
  readonly #backend: Backend;
  /** r, [T] */
  readonly #raw: Buffer;
  readonly #staging: Buffer;
  /** Floats of one image, and images of a block with the padding lanes. */
  readonly #features: number;
  readonly #lanes: number;

  constructor(context: MethodContext<BackGradientMethod>, loop: InnerLoop) {
    const { options, backend, memory } = context;
    const { model, steps, epochs, imagesPerStep } = loop;
    this.innerRate = options.learningRate;
    this.#context = context;
    this.#loop = loop;
    this.#backend = backend;
    this.#features = elements(model.inputShape);
    this.#lanes = lanes(model, imagesPerStep, backend.plan);
    this.blocks = allocateBlocks(loop, backend.plan, memory.gradients);
    this.#raw = memory.gradients.allocate(steps * epochs);
    this.learningRates = memory.gradients.allocate(steps * epochs);
    this.#staging = memory.scratch.allocate(imagesPerStep * Math.max(this.#features, model.classes));
    const packed = (features: number) => ({ blocks: steps, images: imagesPerStep, features, lanes: this.#lanes });
    const { images, imageFloats, targets, targetFloats } = this.blocks;
    this.learned = [
      {
        ...{ name: "images", called: "images", value: images, floats: steps * imageFloats },
        packing: packed(this.#features),
      },
      {
        ...{ name: "learningRates", called: "learning rates", value: this.#raw, floats: steps * epochs },
        through: { f: "softplus", value: this.learningRates },
      },
    ];
    if (options.labels === "fixed") return;
    const labels = { name: "targets", called: "labels", value: targets, floats: steps * targetFloats };
    this.learned = [...this.learned, { ...labels, packing: packed(model.classes) }];
  }

  /** Pixels ~ N(0, initialNoise²) in normalised space, all learning rates alike, one-hot labels. */
  start(): void {
    const { options, problem } = this.#context;
    const { steps, epochs, imagesPerStep, model } = this.#loop;
    const { ops } = this.#backend;
    const { images, imageFloats, targets, targetFloats } = this.blocks;
    const shape = { images: imagesPerStep, batch: this.#lanes };
    for (let s = 0; s < steps; s++) {
      const key = randomKey(problem.seed, "pixels", s);
      ops.normal(this.#staging, imagesPerStep * this.#features, key, 0, options.initialNoise);
      ops.packImages(images + s * imageFloats, this.#staging, { features: this.#features, ...shape });
      write(this.#backend, this.#staging, initialLabels(options, model.classes, problem.seed, s));
      ops.oneHot(targets + s * targetFloats, this.#staging, { classes: model.classes, ...shape });
    }
    ops.fill(this.#raw, rawLearningRate(options.learningRate), steps * epochs);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options } = this.#context;
    const { steps, epochs, imagesPerStep, model } = this.#loop;
    const [channels, height, width] = model.inputShape;
    return {
      ...{ steps, epochs, imagesPerStep, channels, height, width, classes: model.classes },
      images: Float32Array.from(rows.get("images")!),
      targets: Float32Array.from(rows.get("targets") ?? this.#oneHotLabels()),
      learningRates: Float32Array.from(rows.get("learningRates")!),
      ...(options.momentum > 0 && { momentum: options.momentum }),
      ...(options.weightDecay > 0 && { weightDecay: options.weightDecay }),
    };
  }

  /** The fixed labels [steps, imagesPerStep, classes]. */
  #oneHotLabels(): number[] {
    const { options, problem } = this.#context;
    const { steps, model } = this.#loop;
    const label = (s: number) => initialLabels(options, model.classes, problem.seed, s);
    return Array.from({ length: steps }, (_, s) =>
      label(s).map((k) => Array.from({ length: model.classes }, (_, c) => (c === k ? 1 : 0))),
    ).flat(2);
  }
}
