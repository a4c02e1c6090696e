// Dataset distillation by back-gradient (Wang, Zhu, Torralba, Efros 2018, Algorithm 1; docs/math.md §1, §2): a network is
// trained on the blocks for steps × epochs gradient steps, and pixels, learning rates and, if wanted, labels follow the
// gradient of its loss on real images.
import { type Buffer, required } from "../../../backend/backend.ts";
import { BackGradient } from "../../../inner/back-gradient.ts";
import { blockOrder } from "../../../inner/block-order.ts";
import { DataBatch } from "../../../inner/data-batch.ts";
import { innerOptimizer } from "../../../inner/inner-optimizer.ts";
import { RealBatch } from "../../../inner/real-batch.ts";
import type { InnerLoop } from "../../../inner/unroll.ts";
import { randomKey } from "../../../numeric/random.ts";
import { type BackGradientMethod, imagesPerStep } from "./options.ts";
import type { Method, MethodContext, NetworkRun } from "../../method.ts";
import { writeWeights } from "../../weight-source.ts";
import { distilledClasses, initialLabels } from "./initial-labels.ts";
import { BackGradientRun } from "./run.ts";

type Context = MethodContext<BackGradientMethod>;

export const backGradientMethod: Method<BackGradientMethod> = {
  name: "back-gradient",
  check: (options, { classes }) => void initialLabels(options, classes, 0, 0),
  classes: (options, { classes }) => distilledClasses(options, classes),
  allocate: (context) => new BackGradientRun(context, innerLoop(context)),
  network: (context, run) => new BackGradientNetwork(context, run as BackGradientRun),
};

function innerLoop({ options, problem: { model, loss } }: Context): InnerLoop {
  const { steps, epochs } = options;
  return { model, steps, epochs, imagesPerStep: imagesPerStep(options, model.classes), loss, ...innerOptimizer(options) };
}

class BackGradientNetwork implements NetworkRun {
  readonly share;
  readonly #context: Context;
  readonly #run: BackGradientRun;
  readonly #backGradient: BackGradient;
  readonly #real: RealBatch;
  /** The order of the real images. */
  readonly #order: Buffer;
  /** Made by the first step: a plan has no images to batch. */
  #batch: DataBatch | undefined;

  constructor(context: Context, run: BackGradientRun) {
    const { options, problem, backend, memory } = context;
    const { model, loss, data, outer } = problem;
    const learnsLabels = options.labels === "learned";
    this.#context = context;
    this.#run = run;
    this.#backGradient = new BackGradient(innerLoop(context), run.blocks, backend, memory, {
      memory: options.memory,
      wanted: { images: true, targets: learnsLabels },
      initial: false,
    });
    this.#real = new RealBatch(model, backend, memory.realBatch, outer.batch, loss);
    this.#order = memory.data.allocate(data.count);
    const { dImages, dLearningRates, dTargets } = this.#backGradient;
    const ofLabels = learnsLabels ? [required(dTargets, "the gradient of the labels")] : [];
    this.share = { loss: memory.gradients.allocate(1), gradients: [dImages, dLearningRates, ...ofLabels] };
  }

  record(step: number, k: number): void {
    const { options, problem, backend } = this.#context;
    const { model, init, networksPerStep, seed } = problem;
    const index = step * networksPerStep + k;
    const { unroll } = this.#backGradient;
    const batch = this.#batchOf(step);
    writeWeights(init, backend, model, unroll.theta(0), { seed, purpose: "distil", index, perStep: networksPerStep });
    const order = options.shuffle ? blockOrder(options, { seed, purpose: "blocks/distil", index }) : undefined;
    const dropout = randomKey(seed, "dropout/distil", index);
    this.#backGradient.run(
      this.#run.learningRates,
      (theta, gradient) => this.#real.loss(theta, batch, gradient, this.share.loss),
      dropout,
      order,
    );
  }

  #batchOf(step: number): DataBatch {
    const { data, outer, seed, augment } = this.#context.problem;
    this.#batch ??= new DataBatch(data, this.#context.backend, { order: this.#order, most: outer.batch, seed, augment });
    this.#batch.select(step);
    return this.#batch;
  }
}
