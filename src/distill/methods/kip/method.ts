// KIP (Nguyen, Chen, Lee, *Dataset Meta-Learning from Kernel Ridge-Regression*, ICLR 2021, Algorithm 1; docs/math.md §12): images and labels
// follow the gradient of the loss that kernel ridge regression on them has on real images. The kernel is that of an infinitely wide
// network, so no network takes part; regression.ts has the formulas.
import type { Buffer, Floats } from "../../../backend/buffer.ts";
import { elements } from "../../../nn/layer.ts";
import type { Parts } from "../../../platform/parts.ts";
import { centredLabels } from "../../centred-batches.ts";
import { blockSet, classByClass } from "../../class-block.ts";
import type { Learned, LearnedSet, Method, MethodContext, MethodRun, NetworkRun } from "../../method.ts";
import type { RealKernel } from "../../real-kernel.ts";
import type { SyntheticImages } from "../../synthetic.ts";
import { arcCosineOf } from "./kernel.ts";
import { type KipMethod, trainingOf } from "./options.ts";
import { KernelRegression } from "./regression.ts";

type Context = MethodContext<KipMethod>;

export const kipMethod: Method<KipMethod, KipRun> = {
  name: "kip",
  allocate: (context) => new KipRun(context),
  network: (context, run) => new KipNetwork(context, run),
};

/** The images are one block, class by class. */
class KipRun implements MethodRun {
  readonly learned: readonly Learned[];
  readonly carried: readonly [] = [];
  readonly synthetic: SyntheticImages;
  /** The labels that images begin with, [n, K]. */
  readonly #labels: Float32Array;
  readonly #context: Context;

  constructor(context: Context) {
    const { options, problem, tools } = context;
    const classes = classByClass(options.imagesPerClass, problem.model.classes);
    this.#context = context;
    this.#labels = centredLabels(classes, problem.model.classes);
    this.synthetic = tools.synthetic({ steps: 1, imagesPerStep: classes.length });
    const { images, labels } = this.synthetic;
    this.learned = options.learnLabels ? [images, labels] : [images];
  }

  start(staging: Buffer): void {
    const { options, tools } = this.#context;
    if (options.init === "noise") this.synthetic.startNoise(staging, 1, (s) => tools.key("pixels", s));
    else this.synthetic.fillImages(staging, (host) => tools.realOfClassesInto(host, options.imagesPerClass));
    this.synthetic.startTargets(staging, () => this.#labels);
  }

  set(rows: ReadonlyMap<string, Floats>): LearnedSet {
    const { options, problem } = this.#context;
    const targets = rows.get("targets") ?? this.#labels;
    return blockSet(problem.model, rows.get("images")!, targets, trainingOf(options));
  }
}

class KipNetwork implements NetworkRun {
  readonly share;
  readonly #run: KipRun;
  readonly #real: RealKernel;
  readonly #regression: KernelRegression;

  constructor({ options, problem, backend, memory, tools }: Context, run: KipRun) {
    const { images, lanes } = run.synthetic.images.packing!;
    const { classes, inputShape } = problem.model;
    const sizes = { features: elements(inputShape), classes, images, lanes };
    const kernel = arcCosineOf(options);
    this.#run = run;
    this.#real = tools.realKernel({ sizes, kernel });
    this.#regression = new KernelRegression(sizes, kernel, options.ridge, backend, memory);
    const { dImages, dLabels } = this.#regression;
    const gradients = options.learnLabels ? [dImages, dLabels] : [dImages];
    this.share = { loss: memory.gradients.allocate(1), gradients };
  }

  record(step: number): Parts {
    const { images, targets } = this.#run.synthetic.blocks;
    return this.#regression.record(
      images,
      targets,
      (solution, gradients, loss) => this.#real.loss(step, images, solution, gradients, loss),
      this.share.loss,
    );
  }
}
